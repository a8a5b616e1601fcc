/// What a service says of how it is; `service.health` adds what every service says of itself.
public struct HealthReport: Sendable {
    public var status: ServiceHealth.Status
    public var tiers: [ServiceHealth.Tier]
    public var counters: [String: Int64]
    /// For a person: what is the matter and what to do, when `status` is not `ok`.
    public var detail: String?

    public init(
        _ status: ServiceHealth.Status, tiers: [ServiceHealth.Tier] = [], counters: [String: Int64] = [:],
        detail: String? = nil
    ) {
        self.status = status
        self.tiers = tiers
        self.counters = counters
        self.detail = detail
    }
}
