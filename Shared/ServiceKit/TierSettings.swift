/// The settings of the tiers, which both services that store have.
public struct TierSettings: Sendable {
    /// When a write is acknowledged: once local disk holds it, or also the first healthy PostgreSQL tier.
    public enum Durability: String, Sendable, CaseIterable { case remote, local }

    /// In bytes.
    public var memoryLimit: Int
    /// Means nothing as long as there is no PostgreSQL tier, as does `remoteDeadline`; but a wrong value stops the
    /// process now and not on the day on which there is one.
    public var durability: Durability
    public var remoteDeadline: Duration

    public init(_ settings: Settings) throws(ConfigurationError) {
        memoryLimit = try settings.bytes("RIVET_MEMORY_LIMIT", default: 64 * 1_048_576)
        durability = try settings.choice("RIVET_DURABILITY", default: .remote)
        remoteDeadline = try settings.duration("RIVET_REMOTE_DEADLINE", default: .milliseconds(750))
    }
}
