import Contracts

/// Decides whether a tier is tried. It opens at the first failure. Then it allows one probe at a time, each after a
/// wait that is drawn at random between a quarter of a bound and the bound itself, which doubles (jitter).
struct Breaker {
    static let waitMin = Duration.milliseconds(200)
    /// A tier that is back after an outage has received everything owed to it within half a minute. This wait and an
    /// attempt that began just before it (`connectDeadline`) leave time to pay.
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
