/// How long to wait before the next try: exponential, with full jitter, so that many clients do not retry together.
public struct Backoff: Sendable, Equatable {
    public let base: Duration
    public let cap: Duration
    /// The shortest wait, so that a small random value does not make a busy loop.
    public let minimum: Duration
    /// Consecutive tries that failed.
    public private(set) var failures = 0

    public init(
        base: Duration = .milliseconds(500), cap: Duration = .seconds(30), minimum: Duration = .milliseconds(50)
    ) {
        precondition(.zero <= minimum && minimum <= base && base <= cap)
        self.base = base
        self.cap = cap
        self.minimum = minimum
    }

    /// Records a failed try. Returns a random wait between `minimum` and a ceiling: `base` doubled with each
    /// consecutive failure, at most `cap`.
    public mutating func failed(using random: inout some RandomNumberGenerator) -> Duration {
        let ceiling = failures < 30 ? min(cap, base * (1 << failures)) : cap
        failures += 1
        let share = Double.random(in: 0...1, using: &random)
        return max(minimum, min(cap, ceiling * share))
    }

    public mutating func succeeded() { failures = 0 }
}
