import Contracts
import Synchronization

/// A wall clock that a test sets.
final class TestClock: Sendable {
    private let current: Mutex<Timestamp>

    init(_ milliseconds: Int64 = 1_800_000_000_000) { current = Mutex(Timestamp(milliseconds: milliseconds)) }

    var now: @Sendable () -> Timestamp { { self.current.withLock { $0 } } }

    func advance(_ duration: Duration) { current.withLock { $0 = $0.advanced(by: duration) } }
}
