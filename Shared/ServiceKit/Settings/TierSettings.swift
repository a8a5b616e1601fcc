public import Contracts

/// The settings of the tiers, which rivet-state and rivet-library share.
public struct TierSettings: Sendable {
    /// In bytes.
    public var memoryLimit: Int
    public var durability: Durability
    public var remoteDeadline: Duration
    /// After this time without a write, a remote tier gets a small one.
    public var heartbeat: Duration
    /// This host's number among the hosts that share tiers: 0 to 63.
    public var hostNumber: UInt8

    /// The settings that can change without a restart.
    public static let reloadable: Set<String> = ["NEON_DATABASE_URL", "SUPABASE_DATABASE_URL", "RAILWAY_DATABASE_URL"]

    /// The configured databases. The URLs are secrets.
    private var urls: [(tier: TierName, setting: String, url: String)] = []

    public init(_ settings: Settings) throws(ConfigurationError) {
        for tier in [TierName.neon, .supabase, .railway] {
            let variable = tier.rawValue.uppercased() + "_DATABASE_URL"
            if let url = try settings.secret(variable, credential: tier.rawValue + "-database-url") {
                urls.append((tier, variable, url))
            }
        }
        memoryLimit = try settings.bytes("RIVET_MEMORY_LIMIT", default: 64 * 1_048_576)
        durability = try settings.choice("RIVET_DURABILITY", default: .remote)
        remoteDeadline = try settings.duration("RIVET_REMOTE_DEADLINE", default: .milliseconds(750))
        heartbeat = try settings.duration("RIVET_TIER_HEARTBEAT", default: .seconds(24 * 3_600))
        hostNumber = try settings.hostNumber()
    }

    /// The databases, best first.
    ///
    /// - Parameter parse: parses a database URL; its error must not quote the URL.
    public func databases<Target>(
        _ parse: (String) throws -> Target
    ) throws(ConfigurationError) -> [(name: TierName, target: Target)] {
        var targets: [(name: TierName, target: Target)] = []
        for (tier, setting, url) in urls {
            do { targets.append((tier, try parse(url))) } catch {
                throw ConfigurationError(
                    name: setting,
                    accepted:
                        "a PostgreSQL URL such as postgresql://user:password@host/database?sslmode=require; \(error)")
            }
        }
        return targets
    }
}
