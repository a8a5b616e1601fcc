import Contracts
import Persistence
import Synchronization

/// The time of one simulation: it passes when the next event is due, and the wall clock beside it may jump.
///
/// SAFETY of the unchecked sending: used by the one thread that runs its simulation.
final class VirtualClock: @unchecked Sendable {
    private static let start = ContinuousClock.now
    private static let wallStart: Int64 = 1_800_000_000_000

    /// Since the beginning.
    private(set) var elapsed = Duration.zero
    /// What the wall clock was set forward, or back, in all.
    private(set) var wallOffset = Duration.zero

    var instant: ContinuousClock.Instant { Self.start + elapsed }
    var wall: Timestamp { Timestamp(milliseconds: Self.wallStart + (elapsed + wallOffset).milliseconds) }

    func elapsed(at instant: ContinuousClock.Instant) -> Duration { instant - Self.start }

    func advance(to moment: Duration) { elapsed = max(elapsed, moment) }
    func jump(by duration: Duration) { wallOffset += duration }

    var storeTime: StoreTime { StoreTime(wall: { self.wall }, instant: { self.instant }) }
}
