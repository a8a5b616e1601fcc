/// How long to wait before trying again: exponential, with full jitter, so that many clients do not come back together.
public struct Backoff: Sendable, Equatable {
    public let base: Duration
    public let cap: Duration
    /// Below the jitter, so that a lucky draw is not a busy loop.
    public let minimum: Duration
    /// Tries that failed in a row.
    public private(set) var failures = 0

    public init(
        base: Duration = .milliseconds(500), cap: Duration = .seconds(30), minimum: Duration = .milliseconds(50)
    ) {
        precondition(.zero <= minimum && minimum <= base && base <= cap)
        self.base = base
        self.cap = cap
        self.minimum = minimum
    }

    /// A try failed. Answers a wait drawn evenly from `minimum` up to `base` doubled with each failure in a row, at most `cap`.
    public mutating func failed(using random: inout some RandomNumberGenerator) -> Duration {
        let ceiling = failures < 30 ? min(cap, base * (1 << failures)) : cap
        failures += 1
        let share = Double.random(in: 0...1, using: &random)
        return max(minimum, min(cap, ceiling * share))
    }

    public mutating func succeeded() { failures = 0 }
}
