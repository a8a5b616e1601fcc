import ServiceKit

/// The settings of `rivet-state`.
struct StateSettings {
    var databasePath: String
    var tiers: TierSettings
    var conversationTTL: Duration
    var sweepInterval: Duration

    init(_ settings: Settings) throws(ConfigurationError) {
        databasePath = settings.stateDirectory + "/state.db"
        tiers = try TierSettings(settings)
        conversationTTL = try settings.duration("RIVET_CONVERSATION_TTL", default: .seconds(24 * 3_600))
        sweepInterval = try settings.duration("RIVET_SWEEP_INTERVAL", default: .seconds(3_600))
    }
}
