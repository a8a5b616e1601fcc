import Persistence
import ServiceKit

/// The settings of `rivet-state`.
struct StateSettings {
    var databasePath: String
    /// The path of the spill file, with the changes that are only in memory.
    var journalPath: String
    var tiers: TierSettings
    var remoteTiers: RemoteTiers
    var conversationTTL: Duration
    var sweepInterval: Duration
    /// The earlier bot's SQLite file, whose conversations are imported.
    var legacyPath: String?

    init(_ settings: Settings) throws(ConfigurationError) {
        databasePath = settings.stateDirectory + "/state.db"
        journalPath = settings.runtimeDirectory + "/state.journal"
        tiers = try TierSettings(settings)
        remoteTiers = RemoteTiers(
            try tiers.databases { try PostgresTarget(url: $0, applicationName: "rivet-state") },
            durability: tiers.durability, deadline: tiers.remoteDeadline, heartbeat: tiers.heartbeat,
            host: tiers.hostNumber)
        conversationTTL = try settings.duration("RIVET_CONVERSATION_TTL", default: .seconds(24 * 3_600))
        sweepInterval = try settings.duration("RIVET_SWEEP_INTERVAL", default: .seconds(3_600))
        legacyPath = settings.string("RIVET_LEGACY_SQLITE")
    }
}
