/// The clock by which a poller waits: the real one, or a test's.
public struct PollerTime: Sendable {
    /// Time since a fixed start; never goes back.
    public var now: @Sendable () -> Duration
    /// Returns at that time, or soon after the task is cancelled.
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
