/// The step that a starting store is working on.
public enum StartStep: String, Sendable {
    case opening = "updating the local database"
    case salvaging = "salvaging the readable rows of a broken database"
    case replaying = "restoring what the last process had in memory only"
    case readingTiers = "reading what the other tiers have"
}
