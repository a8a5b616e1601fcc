import Contracts

/// Whether the wall clock may be believed that something is over. Compares it with a monotonic clock. No I/O.
///
/// Both run at one pace, also while the kernel corrects it: so the distance between them changes only when the wall
/// clock is set. Until then what began and ended under watch has really lasted that long. What began earlier is
/// believed to be over only once it has been over for `patience` on a wall clock that was not set meanwhile: a clock
/// that starts with a wrong date is set within that time. After it was set, one waits at least as long as it was off.
struct ClockWatch {
    /// What the clocks may differ by without the wall clock having been set: a leap second, and a slow reading.
    private static let tolerance = Duration.seconds(2)

    private let patience: Duration
    /// When the wall clock was set last, or the watch began.
    private var anchor: (wall: Timestamp, steady: ContinuousClock.Instant)
    /// How far the wall clock was off before it was set.
    private var error = Duration.zero

    init(wall: Timestamp, steady: ContinuousClock.Instant, patience: Duration) {
        self.patience = patience
        anchor = (wall, steady)
    }

    /// The clocks were read, one right after the other.
    mutating func read(wall: Timestamp, steady: ContinuousClock.Instant) {
        let passed = steady - anchor.steady
        let difference = Duration.milliseconds(wall.milliseconds - anchor.wall.milliseconds) - passed
        let jump = difference < .zero ? .zero - difference : difference
        guard jump > Self.tolerance else { return }
        // A clock that is set right after it was set wrong was off by both.
        error = max(jump, error - passed)
        anchor = (wall, steady)
    }

    /// What can be said of the time `wall`, which was read at `steady`.
    func agreedTime(wall: Timestamp, steady: ContinuousClock.Instant) -> AgreedTime {
        let patience = max(patience, error)
        let isLongEnough = steady - anchor.steady >= patience
        return AgreedTime(
            since: anchor.wall, now: wall, horizon: isLongEnough ? wall.advanced(by: .zero - patience) : nil)
    }
}
