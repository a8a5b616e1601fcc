/// Decides when a client connects: only while calls are waiting, the first time at once, then after a wait that grows
/// with each failure. No I/O, no clock.
struct ReconnectState {
    private(set) var phase = Phase.disconnected
    /// Consecutive connections that could not be made, or broke before a response came.
    private(set) var failures = 0
    private let delayFirst: Duration
    private let delayMax: Duration

    enum Phase: Equatable { case disconnected, connecting, connected, waiting, shutDown }

    enum Action: Equatable {
        case connect
        /// Wait for a random part of this, then report `waitElapsed`.
        case wait(upTo: Duration)
        case none
    }

    init(
        delayFirst: Duration = WireLimits.reconnectDelayFirst, delayMax: Duration = WireLimits.reconnectDelayMax
    ) {
        self.delayFirst = delayFirst
        self.delayMax = delayMax
    }

    mutating func callSubmitted() -> Action {
        phase == .disconnected ? connectNow() : .none
    }

    mutating func connected() {
        if phase == .connecting { phase = .connected }
    }

    /// The connection works, so its next loss counts as the first failure.
    mutating func replyReceived() { failures = 0 }

    /// The connection could not be made, or it broke.
    mutating func connectionLost(hasCalls: Bool) -> Action {
        guard phase == .connecting || phase == .connected else { return .none }
        defer { failures += 1 }
        // A peer that has responded was working. Most likely it is restarting. systemd keeps its socket, so connect at
        // once.
        guard failures > 0 || phase == .connecting else {
            phase = .disconnected
            return hasCalls ? connectNow() : .none
        }
        phase = .waiting
        return .wait(upTo: delay)
    }

    mutating func waitElapsed(hasCalls: Bool) -> Action {
        guard phase == .waiting else { return .none }
        phase = .disconnected
        return hasCalls ? connectNow() : .none
    }

    mutating func shutDown() { phase = .shutDown }

    private var delay: Duration {
        failures < 16 ? min(delayFirst * (1 << failures), delayMax) : delayMax
    }

    private mutating func connectNow() -> Action {
        phase = .connecting
        return .connect
    }
}
