/// What a service says of how it is; `service.health` adds what every service says of itself.
public struct HealthReport: Sendable {
    public var status: ServiceHealth.Status
    public var tiers: [ServiceHealth.Tier]
    public var counters: [String: Int64]
    /// By name; beside those of the calls, which `service.health` adds.
    public var histograms: [String: DurationHistogram]
    /// For a person: what is the matter and what to do, when `status` is not `ok`.
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
