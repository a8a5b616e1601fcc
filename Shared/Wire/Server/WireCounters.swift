import Synchronization

/// A server's counters since it started.
public struct WireCounters: Sendable, Equatable {
    /// Connections that are open.
    public var connectionsOpen = 0
    /// Connections that were admitted.
    public var connections = 0
    /// Calls that were begun, notifications included.
    public var calls = 0
    /// Frames without a valid message, and lengths out of bounds.
    public var protocolErrors = 0
    /// Connections refused because the user may not call.
    public var peersRefused = 0
    /// Idle connections that were closed to make room for another one, or for its bytes.
    public var connectionsEvicted = 0

    public init() {}
}

/// The live form of `WireCounters`: written on the event loop, read from anywhere.
final class LiveCounters: Sendable {
    let connectionsOpen = Counter()
    let connections = Counter()
    let calls = Counter()
    let protocolErrors = Counter()
    let peersRefused = Counter()
    let connectionsEvicted = Counter()

    final class Counter: Sendable {
        private let count = Atomic(0)

        var value: Int { count.load(ordering: .relaxed) }
        func increment(by difference: Int = 1) { count.wrappingAdd(difference, ordering: .relaxed) }
    }

    var snapshot: WireCounters {
        var counters = WireCounters()
        counters.connectionsOpen = connectionsOpen.value
        counters.connections = connections.value
        counters.calls = calls.value
        counters.protocolErrors = protocolErrors.value
        counters.peersRefused = peersRefused.value
        counters.connectionsEvicted = connectionsEvicted.value
        return counters
    }
}
