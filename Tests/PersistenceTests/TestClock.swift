import Contracts
import Synchronization

@testable import Persistence

/// A wall clock and a monotonic clock that a test moves.
final class TestClock: Sendable {
    private let start = ContinuousClock.now
    private let current: Mutex<(wall: Timestamp, passed: Duration)>

    init(_ milliseconds: Int64 = 1_800_000_000_000) {
        current = Mutex((Timestamp(milliseconds: milliseconds), .zero))
    }

    var now: @Sendable () -> Timestamp { { self.current.withLock { $0.wall } } }
    var steady: @Sendable () -> ContinuousClock.Instant { { self.start + self.current.withLock { $0.passed } } }

    /// Lets time pass.
    func advance(_ duration: Duration) {
        current.withLock { $0 = ($0.wall.advanced(by: duration), $0.passed + duration) }
    }

    /// Sets the wall clock.
    func jump(_ duration: Duration) { current.withLock { $0.wall = $0.wall.advanced(by: duration) } }
}

extension ConversationStore {
    /// A store without remote tiers, by the clock of a test.
    static func open(
        _ file: TemporaryFile, _ clock: TestClock, timeToLive: Duration = .seconds(86_400)
    ) async throws -> ConversationStore {
        try await ConversationStore(
            path: file.path, memoryLimit: 1 << 20, timeToLive: timeToLive, now: clock.now, steady: clock.steady)
    }
}
