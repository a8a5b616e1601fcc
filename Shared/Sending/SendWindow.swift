import DequeModule

/// A sliding-window limit: at most `limit` messages within any span shorter than `period`. No clock.
struct SendWindow: Sendable {
    let limit: Int
    let period: Duration
    /// When the last messages were sent, oldest first.
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

    /// Counts a message that is sent at `now`, which must not be before any time already taken.
    mutating func take(_ now: Duration) {
        times.append(now)
        if times.count > limit { times.removeFirst() }
    }

    /// Removes the message that was sent at `time`, since it had no effect.
    mutating func giveBack(_ time: Duration) {
        if let index = times.lastIndex(of: time) { times.remove(at: index) }
    }

    func isIdle(_ now: Duration) -> Bool { times.last.map { $0 + period <= now } ?? true }
}
