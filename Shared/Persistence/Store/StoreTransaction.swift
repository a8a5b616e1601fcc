public import Contracts

/// What one operation on a store sees and changes. Lives on the store's thread, for the length of one call.
public struct StoreTransaction<Table: LocalTable> {
    public typealias Record = Table.Record

    struct Change: Sendable {
        var record: Record
        /// The tiers that have not got it; nil: all there are.
        var owedTo: TierSet?
    }

    /// The wall clock.
    public let now: Timestamp
    let store: StoreCore<Table>
    /// Whether somebody decides something here, and is not to do so over what is known to be outdated.
    private let isLive: Bool
    private var isReading = false
    private(set) var changes: [Change] = []
    private var newest: [Record.Key: Record] = [:]
    /// The key that the answer is about.
    private(set) var subject: Record.Key?

    init(now: Timestamp, store: StoreCore<Table>, isLive: Bool) {
        self.now = now
        self.store = store
        self.isLive = isLive
    }

    /// The newest revision of `key`, a tombstone too.
    /// - Throws: `unavailable` when it is not in memory and the disk cannot be read, or when a tier has a newer one that
    ///   could not be taken in yet.
    public mutating func get(_ key: Record.Key) throws(RPCError) -> Record? {
        subject = key
        if let changed = newest[key] { return changed }
        let known = try store.newest(key)
        if isLive { try store.requireNoNewer(key, than: known, isReading: isReading) }
        return known
    }

    /// Nothing is decided: what will be removed when a tier was read is shown until then.
    mutating func onlyReads() { isReading = true }

    /// Stores `record`, with the operation's other changes or not at all.
    ///
    /// - Parameter owedTo: the tiers that have not got it; nil: all there are.
    public mutating func put(_ record: Record, owedTo: TierSet? = nil) {
        subject = record.key
        // What was put of it before may stand in the way of another change, and is of no use.
        if newest.updateValue(record, forKey: record.key) != nil {
            changes.removeAll { $0.record.key == record.key }
        }
        changes.append(Change(record: record, owedTo: owedTo))
    }

    /// A revision for the next change of a key whose stored revision is `stored`.
    public func nextRevision(after stored: Revision) -> Revision { store.nextRevision(after: stored, now: now) }

    /// A revision for what the store itself makes of what it knows: above `stored`, and below what a person decides later.
    public func revision(shortlyAfter stored: Revision) -> Revision { store.revision(shortlyAfter: stored) }

    /// By which time something may be destroyed because it is over; nil while that cannot be said.
    var agreedTime: AgreedTime? { store.agreedTime() }

    /// Empties up to `limit` tombstones that are older than `age`, by clocks that agree: see `TieredRecord.emptied`.
    ///
    /// - Returns: the keys of those that were; and before when they were made, for the remote tiers. Nil while no clock
    ///   can be believed.
    package func prune(
        keptFor age: Duration, limit: Int
    ) throws(RPCError) -> (keys: [Record.Key], horizon: Timestamp)? {
        guard let horizon = agreedTime?.horizon?.advanced(by: .zero - age) else { return nil }
        let keys = try ask { table throws(SQLiteError) in try table.prune(before: horizon, limit: limit) }
        store.forgetCopies(of: keys)
        return (keys, horizon)
    }

    /// The records that the disk does not have, and that this operation changed before.
    public var held: [Record.Key: Record] { store.held }
    var changed: [Record] { Array(newest.values) }

    /// Where the newest revision of `key` is.
    public func placement(of key: Record.Key) -> Placement { store.placement(of: key) }

    /// What a question to the table brought.
    /// - Throws: `unavailable` when the disk cannot be read.
    public func ask<Answer>(
        _ question: (Table) throws(SQLiteError) -> Answer
    ) throws(RPCError) -> Answer { try store.ask(question) }
}
