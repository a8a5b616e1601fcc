import ServiceKit

/// The settings of `rivet-state`.
struct StateSettings {
    var databasePath: String
    var memoryLimit: Int
    var conversationTTL: Duration
    var sweepInterval: Duration

    init(_ settings: Settings) throws(ConfigurationError) {
        databasePath = settings.stateDirectory + "/state.db"
        memoryLimit = try settings.bytes("RIVET_MEMORY_LIMIT", default: 64 * 1_048_576)
        conversationTTL = try settings.duration("RIVET_CONVERSATION_TTL", default: .seconds(24 * 3_600))
        sweepInterval = try settings.duration("RIVET_SWEEP_INTERVAL", default: .seconds(3_600))
    }
}
