public import Contracts

/// The newest revision of a key, and the tiers that still lack it.
public struct Debt<Key: Hashable & Sendable>: Sendable, Equatable {
    public var key: Key
    public var revision: Revision
    public var tiers: TierSet
    /// The time since which the first of them has been owed this key.
    public var since: Timestamp

    public init(key: Key, revision: Revision, tiers: TierSet, since: Timestamp) {
        self.key = key
        self.revision = revision
        self.tiers = tiers
        self.since = since
    }
}

/// What this store knows of one remote tier's progress. Stored beside the records.
public struct TierProgress: Sendable, Equatable {
    /// The number that was found in the tier, or left there, at the first contact. It distinguishes this database from
    /// every other. Nil before the first contact.
    public var mark: Int64?
    /// The number that our latest visit left in the tier. If the next contact finds a different one, the tier was put
    /// back to an earlier time.
    public var visit: Int64 = 0
    /// The number that the next visit will leave there. It is noted before it is sent, because it may arrive even if no
    /// response does.
    public var nextVisit: Int64?
    /// Rows of the tier with revisions up to this were imported.
    public var pulledTo = Revision.none
    /// The progress of the walk that owes the tier all records older than its written debts.
    public var seeding = Seeding.done

    public enum Seeding: Sendable, Equatable {
        /// No debts are written down for the tier; the walk will find them all.
        case due
        /// Up to this key everything is in the tier or owed to it; nil: nothing yet.
        case under(after: String?)
        case done
    }

    public init() {}

    /// Whether what changes now must be written down as owed.
    var takesDebts: Bool { seeding != .due }
}
