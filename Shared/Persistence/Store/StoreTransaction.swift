public import Contracts

/// The view of the store that one operation reads and changes. Lives on the store's thread, for the length of one call.
public struct StoreTransaction<Table: LocalTable> {
    public typealias Record = Table.Record

    struct Change: Sendable {
        var record: Record
        /// The tiers that lack it; nil: all tiers.
        var owedTo: TierSet?
    }

    /// The wall clock.
    public let now: Timestamp
    let store: StoreCore<Table>
    /// Whether a caller decides something here, which must not be based on a revision that is known to be outdated.
    private let isLive: Bool
    private var isReading = false
    private(set) var changes: [Change] = []
    private var newest: [Record.Key: Record] = [:]
    /// The key that the result is about.
    private(set) var subject: Record.Key?

    init(now: Timestamp, store: StoreCore<Table>, isLive: Bool) {
        self.now = now
        self.store = store
        self.isLive = isLive
    }

    /// The newest revision of `key`, which may be a tombstone.
    /// - Throws: `unavailable` when it is not in memory and the disk cannot be read, or when a tier has a newer
    ///   revision that could not be imported yet.
    public mutating func get(_ key: Record.Key) throws(RPCError) -> Record? {
        subject = key
        if let changed = newest[key] { return changed }
        let known = try store.newest(key)
        if isLive { try store.requireNoNewer(key, than: known, isReading: isReading) }
        return known
    }

    /// Declares that the operation only reads. It may then see a record that will be removed once a tier was read.
    mutating func onlyReads() { isReading = true }

    /// Stores `record` together with the operation's other changes, all or none.
    ///
    /// - Parameter owedTo: the tiers that lack it; nil: all tiers.
    public mutating func put(_ record: Record, owedTo: TierSet? = nil) {
        subject = record.key
        // An earlier change of the same record is useless now, and might stand in the way of another change.
        if newest.updateValue(record, forKey: record.key) != nil {
            changes.removeAll { $0.record.key == record.key }
        }
        changes.append(Change(record: record, owedTo: owedTo))
    }

    /// A revision for the next change of a key whose stored revision is `stored`.
    public func nextRevision(after stored: Revision) -> Revision { store.nextRevision(after: stored, now: now) }

    /// A revision for a change that the store makes by itself: above `stored`, and below any later decision of a
    /// person.
    public func revision(shortlyAfter stored: Revision) -> Revision { store.revision(shortlyAfter: stored) }

    /// The time by which expired data may be destroyed; nil while the clocks do not agree.
    var agreedTime: AgreedTime? { store.agreedTime() }

    /// Empties up to `limit` tombstones that are older than `age`, by clocks that agree: see `TieredRecord.emptied`.
    ///
    /// - Returns: the keys of the emptied tombstones, and the time before which they were made, for the remote tiers.
    ///   Nil while no clock can be trusted.
    package func prune(
        keptFor age: Duration, limit: Int
    ) throws(RPCError) -> (keys: [Record.Key], horizon: Timestamp)? {
        guard let horizon = agreedTime?.horizon?.advanced(by: .zero - age) else { return nil }
        let keys = try ask { table throws(SQLiteError) in try table.prune(before: horizon, limit: limit) }
        store.forgetCopies(of: keys)
        return (keys, horizon)
    }

    /// The records that the disk does not have yet.
    public var held: [Record.Key: Record] { store.held }
    var changed: [Record] { Array(newest.values) }

    /// The tiers that have the newest revision of `key`.
    public func placement(of key: Record.Key) -> Placement { store.placement(of: key) }

    /// The result of a query to the table.
    /// - Throws: `unavailable` when the disk cannot be read.
    public func ask<Answer>(
        _ question: (Table) throws(SQLiteError) -> Answer
    ) throws(RPCError) -> Answer { try store.ask(question) }
}
