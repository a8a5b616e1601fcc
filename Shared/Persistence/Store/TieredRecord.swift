public import Contracts
public import Threads

/// The key of a record. Its text form marks the progress of a walk through a table.
public protocol TieredKey: Hashable, Sendable {
    var cursorText: String { get }
    init?(cursorText: String)
}

extension String: TieredKey {
    public var cursorText: String { self }
    public init?(cursorText: String) { self = cursorText }
}

/// What the tiers store: the newest revision of one key, which may be a tombstone.
public protocol TieredRecord: Sendable {
    associatedtype Key: TieredKey

    var key: Key { get }
    /// The higher one wins, in whichever tier it is found.
    var revision: Revision { get }
    /// Whether it is a tombstone.
    var isTombstone: Bool { get }
    /// Whether its removal would take something from a person: it is no tombstone, and not over at `now`.
    func isLive(at now: Timestamp) -> Bool
    /// The same content at another revision.
    func at(_ revision: Revision) -> Self
    /// Whether both have the same content, apart from the revision, however each tier spells it.
    func hasSameContent(as other: Self) -> Bool
    /// A hash of the content without the revision: the same in every tier and on every machine.
    var contentDigest: UInt64 { get }
    /// The approximate size in memory, in bytes.
    var memoryCost: Int { get }

    /// The whole record, for the spill file.
    var journalValue: JSONValue { get }
    init?(journalValue: JSONValue)

    /// The part of a tombstone that stays for years, at its revision: the fact that the key is gone, without its
    /// content.
    ///
    /// Its time is `Timestamp.longGone`, so that a tombstone is emptied only once: an index by time skips the emptied
    /// ones.
    var emptied: Self { get }
}

extension Timestamp {
    /// The time of an emptied tombstone. Its revision says when it was made.
    static let longGone = Timestamp(milliseconds: 86_400_000)
}

/// The records of one kind in a database on local disk, with their debts. Belongs to the thread of its store.
public protocol LocalTable<Record>: AnyObject, SendableMetatype {
    associatedtype Record: TieredRecord

    /// Opens the file, and updates its schema.
    init(path: String) throws(LocalTableError)
    /// The same; calls `progressed` repeatedly while that takes time.
    init(path: String, progressed: @escaping () -> Void) throws(LocalTableError)

    /// Sets the clock for rows that do not say when they were changed. Called once, when the table is open.
    func keepTime(by now: @escaping @Sendable () -> Timestamp) throws(SQLiteError)
    /// The latest moment that is noted in the table. The real time is later, whatever the wall clock shows.
    var latestMoment: Timestamp { get }

    func get(_ key: Record.Key) throws(SQLiteError) -> Record?
    /// Rows that another program inserted since the last call; this gives them a key. Cheap if there are none.
    func foreignRows() throws(SQLiteError) -> [Record]
    /// In a transaction, after the table refused one of `records` because of another row: rows of other programs get
    /// the columns by which Rivet compares rows.
    /// - Returns: whether a row changed, so that the same decision may come out differently.
    func settleRivals(of records: [Record]) throws(SQLiteError) -> Bool
    /// Stores `record` unless a revision as high or higher is there. So a repeated call changes nothing.
    func put(_ record: Record) throws(SQLiteError)
    /// In a transaction, before all `records` are put: moves their stored rows out of the way of the others.
    func makeWay(for records: [Record]) throws(SQLiteError)
    func begin() throws(SQLiteError)
    /// - Throws: `SQLiteError`; then the outcome is unknown, and everything must be `put` again.
    func commit() throws(SQLiteError)
    func rollback()
    func savepoint() throws(SQLiteError)
    func rollbackToSavepoint() throws(SQLiteError)
    /// Called before the table is closed. Moves the write-ahead log into the file and empties it.
    func checkpoint()
    /// The number of pages in the write-ahead log that may not be in the file yet.
    var logPages: Int { get }
    /// The number of pages for which the disk still has room; `Int.max` if that is not known.
    var freePages: Int { get }
    /// A part of a checkpoint: copies pages of the write-ahead log into the database file, as far as no reader needs
    /// the old ones. Not inside a transaction.
    func moveLog() -> LogMove

    /// Up to `limit` keys after `key`, including those of tombstones, in the table's order.
    func keys(after key: Record.Key?, limit: Int) throws(SQLiteError) -> [(key: Record.Key, revision: Revision)]
    /// The number of records, including tombstones.
    func count() throws(SQLiteError) -> Int
    /// The number of records that are live at `now`. Costs a scan of an index.
    func liveCount(at now: Timestamp) throws(SQLiteError) -> Int
    /// The highest revision of the tombstones that an earlier version of Rivet removed.
    func highestPrunedRevision() throws(SQLiteError) -> Revision
    /// Empties up to `limit` tombstones made before `moment`, the oldest first.
    /// - Returns: their keys.
    func prune(before moment: Timestamp, limit: Int) throws(SQLiteError) -> [Record.Key]
    /// Stores the text of an unreadable row, for a person to look at.
    func quarantine(_ key: Record.Key, text: String) throws(SQLiteError)

    /// The incidents of the file and its rows that were not acknowledged.
    func incidents() throws(SQLiteError) -> StoreIncidents
    /// Whether `incidents` may have changed since they were last read.
    var hasIncidentNews: Bool { get }
    /// In a transaction: records that an operator knows about `incidents`.
    func acknowledge(_ incidents: [StoreIncident], at now: Timestamp) throws(SQLiteError)

    /// The number of notes that name each tier, at most `limit`. A tier that no note names may be missing.
    func debtCounts(upTo limit: Int) throws(SQLiteError) -> [TierName: Int]
    /// The notes that name some of `tiers`, oldest first, each with all tiers that it names.
    func debts(of tiers: TierSet) throws(SQLiteError) -> [Debt<Record.Key>]
    /// In a transaction: removes `tiers` from up to about `limit` notes, and deletes notes that then name no tier.
    /// - Returns: whether no note names them any more.
    func strikeDebts(of tiers: TierSet, limit: Int) throws(SQLiteError) -> Bool
    /// Writes the note of one key; a debt without tiers deletes the note.
    func write(_ debt: Debt<Record.Key>) throws(SQLiteError)
    func progress() throws(SQLiteError) -> [TierName: TierProgress]
    func write(_ progress: TierProgress, of tier: TierName) throws(SQLiteError)

    /// Moves a whole broken file out of the way, to a name with the date. No connection has it open.
    static func setAside(_ path: String, at now: Timestamp) throws(SQLiteError)
    /// Files that were set aside and not `salvaged` yet, the oldest first.
    static func unsalvaged(_ path: String) throws(SQLiteError) -> [String]
    /// Records that `rows` readable rows of a file that was set aside were copied.
    static func salvaged(_ file: String, rows: Int64) throws(SQLiteError)
    /// Reads what can still be read of a file that was set aside, some records at a time.
    static func salvage(_ path: String, _ body: ([Record]) throws(SQLiteError) -> Void) throws(SQLiteError)

    /// Puts a record of a remote tier that is newer than the one here.
    ///
    /// - Parameters:
    ///   - mayRename: whether a record in its way may be renamed. If not, the new record waits.
    ///   - leaving: keys that this operation replaces after this record, so that they do not stand in its way.
    /// - Returns: false when a record stands in its way; then nothing was put.
    static func adopt(
        _ record: Record, owedTo tiers: TierSet, mayRename: Bool, leaving: Set<Record.Key>,
        in transaction: inout StoreTransaction<Self>
    ) throws(RPCError) -> Bool
}

extension LocalTable {
    public init(path: String, progressed: @escaping () -> Void) throws(LocalTableError) { try self.init(path: path) }

    /// For tables without rows of another program.
    public func keepTime(by now: @escaping @Sendable () -> Timestamp) throws(SQLiteError) {}
    public var latestMoment: Timestamp { Timestamp(clamping: .min) }
    public func foreignRows() throws(SQLiteError) -> [Record] { [] }
    public func settleRivals(of records: [Record]) throws(SQLiteError) -> Bool { false }

    /// For tables without a log.
    public var logPages: Int { 0 }
    public var freePages: Int { .max }
    public func moveLog() -> LogMove { .moved }

    /// For tables without incidents.
    public func incidents() throws(SQLiteError) -> StoreIncidents { StoreIncidents() }
    public var hasIncidentNews: Bool { false }
    public func acknowledge(_ incidents: [StoreIncident], at now: Timestamp) throws(SQLiteError) {}

    /// For tables in which no record can stand in another one's way.
    public func makeWay(for records: [Record]) throws(SQLiteError) {}

    public static func adopt(
        _ record: Record, owedTo tiers: TierSet, mayRename: Bool, leaving: Set<Record.Key>,
        in transaction: inout StoreTransaction<Self>
    ) throws(RPCError) -> Bool {
        transaction.put(record, owedTo: tiers)
        return true
    }
}

/// Why a table could not be opened.
public enum LocalTableError: Error, Sendable, Equatable, CustomStringConvertible {
    case migration(MigrationError)
    case open(SQLiteError)
    /// Another process has the database open.
    case inUse(path: String)
    /// The thread could not be started, so nothing was opened.
    case noThread(ThreadError)

    public var description: String {
        switch self {
        case .migration(let error): error.description
        case .open(let error): error.description
        case .inUse(let path):
            "\(path) is in use by another process: stop that one, or give this one another RIVET_STATE_DIR"
        case .noThread(let error): error.description
        }
    }

    /// Whether it may succeed later. A database of a later version of Rivet stays unusable.
    public var isTierTrouble: Bool {
        switch self {
        case .migration(.databaseIsNewer), .migration(.databaseIsOlder), .inUse, .noThread: false
        case .migration(.failed(_, let error)), .migration(.notCopied(_, let error)), .open(let error):
            error.isTierTrouble
        }
    }

    /// Whether the content of the file is no database, or a broken one.
    var isCorruption: Bool {
        switch self {
        case .migration(.databaseIsNewer), .migration(.databaseIsOlder), .inUse, .noThread: false
        case .migration(.failed(_, let error)), .migration(.notCopied(_, let error)), .open(let error):
            error.isCorruption
        }
    }
}
