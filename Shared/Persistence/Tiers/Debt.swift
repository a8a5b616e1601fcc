public import Contracts

/// The newest revision of a key, and the tiers that have not got it yet.
public struct Debt<Key: Hashable & Sendable>: Sendable, Equatable {
    public var key: Key
    public var revision: Revision
    public var tiers: TierSet
    /// When the first of them was owed something of this key.
    public var since: Timestamp

    public init(key: Key, revision: Revision, tiers: TierSet, since: Timestamp) {
        self.key = key
        self.revision = revision
        self.tiers = tiers
        self.since = since
    }
}

/// How far this store and one remote tier know each other. Kept beside the records.
public struct TierProgress: Sendable, Equatable {
    /// What was found in the tier, or left there, at the first contact: it tells this database from every other. Nil
    /// before that.
    public var mark: Int64?
    /// What our latest visit left in the tier. Something else at the next contact: it was put back to an earlier time.
    public var visit: Int64 = 0
    /// What the next visit leaves there. Noted before it is sent, for it may arrive although no answer does.
    public var nextVisit: Int64?
    /// Rows of the tier whose revisions are not above this were taken in.
    public var pulledTo = Revision.none
    /// How far the walk has come that owes the tier everything which was there before its debts were written down.
    public var seeding = Seeding.done

    public enum Seeding: Sendable, Equatable {
        /// Nothing is written down for the tier; the walk will find it all.
        case due
        /// Up to this key everything is in the tier or owed to it; nil: nothing yet.
        case under(after: String?)
        case done
    }

    public init() {}

    /// Whether what changes now must be written down as owed.
    var takesDebts: Bool { seeding != .due }
}
