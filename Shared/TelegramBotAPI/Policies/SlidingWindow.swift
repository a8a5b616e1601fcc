/// Times of which at most `limit` lie within any span shorter than `period`. Times may be taken ahead and out of order.
struct SlidingWindow: Sendable {
    let limit: Int
    let period: Duration
    /// In order.
    private var times: [Duration] = []

    init(limit: Int, period: Duration) {
        precondition(limit > 0 && period > .zero)
        self.limit = limit
        self.period = period
    }

    var isEmpty: Bool { times.isEmpty }

    /// The first time not before `start` that may be taken.
    func earliest(from start: Duration) -> Duration {
        var candidate = start
        var index = times.firstIndex { $0 > candidate } ?? times.count
        // Among the `limit` neighbours on either side of the candidate, no `limit` in a row may fit with it into one period.
        // Each round moves past the first time of a row that is too close, so it ends.
        search: while true {
            for first in max(0, index - limit)...index where first + limit <= times.count {
                let last = first + limit - 1
                if max(times[last], candidate) - min(times[first], candidate) < period {
                    candidate = times[first] > candidate ? times[first] : times[first] + period
                    while index < times.count, times[index] <= candidate { index += 1 }
                    continue search
                }
            }
            return candidate
        }
    }

    mutating func take(_ time: Duration) {
        let index = times.lastIndex { $0 <= time }.map { $0 + 1 } ?? 0
        times.insert(time, at: index)
    }

    /// Forgets what can no longer matter at `now` or later.
    mutating func forget(now: Duration) {
        let first = times.firstIndex { $0 + period > now } ?? times.count
        if first > 0 { times.removeFirst(first) }
    }
}
