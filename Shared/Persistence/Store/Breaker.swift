import Contracts

/// Whether a tier is tried. Opens at the first failure; then one probe at a time, after a wait that is drawn anew each
/// time between nothing and a bound that doubles ("full jitter").
struct Breaker {
    static let waitMin = Duration.milliseconds(200)
    /// Whatever is back after an outage has had everything that was owed to it within half a minute. This and an attempt
    /// that began just before (`connectDeadline`) leave time to pay.
    static let waitMax = Duration.seconds(12)

    private var failures = 0
    private var random: any RandomNumberGenerator
    /// When the next probe is due; nil while the tier is up.
    private(set) var probeAt: ContinuousClock.Instant?

    init(random: any RandomNumberGenerator = SystemRandomNumberGenerator()) { self.random = random }

    var isOpen: Bool { probeAt != nil }

    mutating func failed(at now: ContinuousClock.Instant) {
        let bound = min(Self.waitMax, Self.waitMin * (1 << min(failures, 10)))
        failures += 1
        probeAt = now + .milliseconds(Int64.random(in: bound.milliseconds / 4...bound.milliseconds, using: &random))
    }

    mutating func succeeded() {
        failures = 0
        probeAt = nil
    }
}
