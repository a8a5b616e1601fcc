/// The clock of a poller: the real one, or a test's.
public struct PollerTime: Sendable {
    /// The time since a fixed start. It never goes back.
    public var now: @Sendable () -> Duration
    /// Returns at the given time, or soon after the task is cancelled.
    public var sleep: @Sendable (_ until: Duration) async -> Void

    public init(now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (_ until: Duration) async -> Void) {
        self.now = now
        self.sleep = sleep
    }

    public static var continuous: PollerTime {
        let start = ContinuousClock.now
        return PollerTime(
            now: { ContinuousClock.now - start },
            sleep: { until in try? await Task.sleep(until: start + until, clock: .continuous) })
    }
}
