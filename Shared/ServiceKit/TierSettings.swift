public import Logging

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

    private static let databases = [
        ("NEON_DATABASE_URL", "neon-database-url"), ("SUPABASE_DATABASE_URL", "supabase-database-url"),
        ("RAILWAY_DATABASE_URL", "railway-database-url"),
    ]
    /// The names of the databases that are configured. This version writes to none of them.
    private var unused: [String] = []

    public init(_ settings: Settings) throws(ConfigurationError) {
        for (variable, credential) in Self.databases {
            if try settings.secret(variable, credential: credential) != nil { unused.append(variable) }
        }
        memoryLimit = try settings.bytes("RIVET_MEMORY_LIMIT", default: 64 * 1_048_576)
        durability = try settings.choice("RIVET_DURABILITY", default: .remote)
        remoteDeadline = try settings.duration("RIVET_REMOTE_DEADLINE", default: .milliseconds(750))
    }

    /// Tells an operator who set up a database that nothing goes there.
    public func warnOfUnused(_ logger: Logger) {
        guard !unused.isEmpty else { return }
        logger.warning(
            "PostgreSQL is not part of this version: everything is stored in SQLite on the local disk",
            metadata: ["ignored": "\(unused.joined(separator: ", "))"])
    }
}
