import Contracts

/// Decides whether the wall clock can be trusted when it says that something has expired. Compares it with a monotonic
/// clock. No I/O.
///
/// Both clocks run at the same pace, even while the kernel adjusts it, so their difference changes only when the wall
/// clock is set. If something began and ended while we watched and the clock was not set, it really lasted that long.
/// If it began earlier, we believe that it is over only once it has been over for `patience` on a wall clock that was
/// not set during that time: a clock that starts with a wrong date is set within that time. After the clock was set,
/// the wait is not shorter than the clock was off.
struct ClockWatch {
    /// A difference up to this does not mean that the wall clock was set: a leap second, and a slow reading.
    private static let tolerance = Duration.seconds(2)

    private let patience: Duration
    /// The last time that the wall clock was set, or the beginning of the watch.
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
        // The clock may have been off by the earlier jump or by this one, so keep the longer wait. The time since the
        // earlier jump counts toward its wait.
        error = max(jump, error - passed)
        anchor = (wall, steady)
    }

    /// The agreed time for the wall time `wall`, which was read at `steady`.
    func agreedTime(wall: Timestamp, steady: ContinuousClock.Instant) -> AgreedTime {
        let patience = max(patience, error)
        let isLongEnough = steady - anchor.steady >= patience
        return AgreedTime(
            since: anchor.wall, now: wall, horizon: isLongEnough ? wall.advanced(by: .zero - patience) : nil)
    }
}
