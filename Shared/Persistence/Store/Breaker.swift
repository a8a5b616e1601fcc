import Contracts

/// Whether a tier is tried. Opens at the first failure; then one probe at a time, after a wait that is drawn anew each
/// time between nothing and a bound that doubles ("full jitter").
struct Breaker {
    static let waitMin = Duration.milliseconds(200)
    static let waitMax = Duration.seconds(30)

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
