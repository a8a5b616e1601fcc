/// The step that a starting store is working on.
public enum StartStep: String, Sendable {
    case opening = "bringing the local database up to date"
    case salvaging = "saving what can be read of a broken database"
    case replaying = "taking in what the last process held in memory"
    case readingTiers = "reading what the other tiers have"
}
