/// A service's own part of `service.health`, which adds the parts that all services share.
public struct HealthReport: Sendable {
    public var status: ServiceHealth.Status
    public var tiers: [ServiceHealth.Tier]
    public var counters: [String: Int64]
    /// The counters by name, without those of the calls, which `service.health` adds.
    public var histograms: [String: DurationHistogram]
    /// For the operator: the problem and what to do about it, when `status` is not `ok`.
    public var detail: String?

    public init(
        _ status: ServiceHealth.Status, tiers: [ServiceHealth.Tier] = [], counters: [String: Int64] = [:],
        histograms: [String: DurationHistogram] = [:], detail: String? = nil
    ) {
        self.status = status
        self.tiers = tiers
        self.counters = counters
        self.histograms = histograms
        self.detail = detail
    }
}
