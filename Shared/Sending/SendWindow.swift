import DequeModule

/// The times of the last messages, of which at most `limit` lie within any span shorter than `period`. No clock.
struct SendWindow: Sendable {
    let limit: Int
    let period: Duration
    /// In order.
    private var times: Deque<Duration> = []

    init(limit: Int, period: Duration) {
        self.limit = limit
        self.period = period
    }

    /// The first time, not before `now`, at which a message may be sent.
    func earliest(_ now: Duration) -> Duration {
        guard times.count >= limit else { return now }
        return max(now, times[times.count - limit] + period)
    }

    /// A message is sent at `now`, which is not before any time that was taken.
    mutating func take(_ now: Duration) {
        times.append(now)
        if times.count > limit { times.removeFirst() }
    }

    /// The message that was sent at `time` took no effect.
    mutating func giveBack(_ time: Duration) {
        if let index = times.lastIndex(of: time) { times.remove(at: index) }
    }

    func isIdle(_ now: Duration) -> Bool { times.last.map { $0 + period <= now } ?? true }
}
