import Contracts
import Persistence
import Synchronization

/// The time of one simulation: it passes when the next event is due, and the wall clock beside it may jump.
///
/// SAFETY: only the thread that runs its simulation uses it.
final class VirtualClock: @unchecked Sendable {
    private static let start = ContinuousClock.now
    private static let wallStart: Int64 = 1_800_000_000_000

    /// Since the beginning.
    private(set) var elapsed = Duration.zero
    /// How far the wall clock is ahead of the true time; negative when it is behind.
    private(set) var wallOffset = Duration.zero
    /// Time that passed while no process ran: no monotonic clock of a process tells of it.
    private var absent = Duration.zero

    var instant: ContinuousClock.Instant { Self.start + elapsed }
    var wall: Timestamp { Timestamp(milliseconds: Self.wallStart + (trueElapsed + wallOffset).milliseconds) }
    /// What a perfect clock says that has passed since the beginning.
    var trueElapsed: Duration { elapsed + absent }

    func elapsed(at instant: ContinuousClock.Instant) -> Duration { instant - Self.start }

    func advance(to moment: Duration) { elapsed = max(elapsed, moment) }
    func jump(by duration: Duration) { wallOffset += duration }
    func passed(whileAway duration: Duration) { absent += duration }

    var storeTime: StoreTime { StoreTime(wall: { self.wall }, instant: { self.instant }) }
}
