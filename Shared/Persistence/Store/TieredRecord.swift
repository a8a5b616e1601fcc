public import Contracts
public import Threads

/// Which record. Its text form is how far a walk through a table has come.
public protocol TieredKey: Hashable, Sendable {
    var cursorText: String { get }
    init?(cursorText: String)
}

extension String: TieredKey {
    public var cursorText: String { self }
    public init?(cursorText: String) { self = cursorText }
}

/// What the tiers hold: the newest revision of one key, a tombstone among them.
public protocol TieredRecord: Sendable {
    associatedtype Key: TieredKey

    var key: Key { get }
    /// The higher one wins, in whichever tier it is found.
    var revision: Revision { get }
    /// Whether it says "gone".
    var isTombstone: Bool { get }
    /// Whether its removal takes something from a person: it is no tombstone, and not over at `now`.
    func isLive(at now: Timestamp) -> Bool
    /// The same at another revision.
    func at(_ revision: Revision) -> Self
    /// Whether both hold the same, but for the revision, however each tier spells it.
    func hasSameContent(as other: Self) -> Bool
    /// A number for what this holds, but for the revision: the same in every tier and on every machine.
    var contentDigest: UInt64 { get }
    /// Roughly the bytes that this takes in memory.
    var memoryCost: Int { get }

    /// All of it, for the journal of what only memory holds.
    var journalValue: JSONValue { get }
    init?(journalValue: JSONValue)

    /// What stays of a tombstone for years, at its revision: that the key is gone, and nothing of what was in it.
    ///
    /// Its time is `Timestamp.longGone`, so that one is emptied once: an index by time leads past those that are.
    var emptied: Self { get }
}

extension Timestamp {
    /// The time of a tombstone that was emptied. Its revision tells when it was made.
    static let longGone = Timestamp(milliseconds: 86_400_000)
}

/// The records of one kind in a database on local disk, and what is owed to other tiers of them. Belongs to the thread
/// of its store.
public protocol LocalTable<Record>: AnyObject, SendableMetatype {
    associatedtype Record: TieredRecord

    /// Opens the file, and brings its schema up to date.
    init(path: String) throws(LocalTableError)
    /// The same; `progressed` is told again and again while that takes time.
    init(path: String, progressed: @escaping () -> Void) throws(LocalTableError)

    /// What counts as now for rows that do not tell when they were changed. Called once, when it is open.
    func keepTime(by now: @escaping @Sendable () -> Timestamp) throws(SQLiteError)
    /// The latest moment that is noted in it: it is later than that, whatever the wall clock says.
    var latestMoment: Timestamp { get }

    func get(_ key: Record.Key) throws(SQLiteError) -> Record?
    /// Rows that another program inserted since the last call; this gives them a key. Cheap if there are none.
    func foreignRows() throws(SQLiteError) -> [Record]
    /// In a transaction, after the table refused one of `records` because of another row: rows of other programs get
    /// the columns by which Rivet compares rows.
    /// - Returns: whether a row changed, so that the same decision may come out differently.
    func settleRivals(of records: [Record]) throws(SQLiteError) -> Bool
    /// Stores `record` unless a revision as high or higher is there. So the same call again changes nothing.
    func put(_ record: Record) throws(SQLiteError)
    /// In a transaction, before all `records` are put: what is stored of them now is put out of the way of the others.
    func makeWay(for records: [Record]) throws(SQLiteError)
    func begin() throws(SQLiteError)
    /// - Throws: and then the outcome is unknown; `put` everything again.
    func commit() throws(SQLiteError)
    func rollback()
    func savepoint() throws(SQLiteError)
    func rollbackToSavepoint() throws(SQLiteError)
    /// The end of use: the write-ahead log goes into the file.
    func checkpoint()
    /// Pages in the write-ahead log that are not known to be in the file.
    var logPages: Int { get }
    /// Between two transactions: moves the pages that no reader needs into the file.
    func moveLog() -> LogMove

    /// Up to `limit` keys after one, tombstones' too, in an order of the table's own.
    func keys(after key: Record.Key?, limit: Int) throws(SQLiteError) -> [(key: Record.Key, revision: Revision)]
    /// How many records there are, tombstones among them.
    func count() throws(SQLiteError) -> Int
    /// How many records are live at `now`. Costs a scan of an index.
    func liveCount(at now: Timestamp) throws(SQLiteError) -> Int
    /// The highest revision of the tombstones that an earlier version of Rivet removed.
    func highestPrunedRevision() throws(SQLiteError) -> Revision
    /// Empties up to `limit` tombstones made before `moment`, the oldest first.
    /// - Returns: their keys.
    func prune(before moment: Timestamp, limit: Int) throws(SQLiteError) -> [Record.Key]
    /// Keeps the text of a row that cannot be read, for a person to look at.
    func quarantine(_ key: Record.Key, text: String) throws(SQLiteError)

    /// What happened to the file and its rows, and was not acknowledged.
    func incidents() throws(SQLiteError) -> StoreIncidents
    /// Whether `incidents` may be other ones than when they were read last.
    var hasIncidentNews: Bool { get }
    /// In a transaction: remembers that an operator knows of `incidents`.
    func acknowledge(_ incidents: [StoreIncident], at now: Timestamp) throws(SQLiteError)

    /// How many notes name each tier, `limit` at most. A tier that no note names may be missing.
    func debtCounts(upTo limit: Int) throws(SQLiteError) -> [TierName: Int]
    /// The notes that name some of `tiers`, oldest first, with all that they name.
    func debts(of tiers: TierSet) throws(SQLiteError) -> [Debt<Record.Key>]
    /// In a transaction: of up to about `limit` notes, those that name `tiers` name them no more, or go.
    /// - Returns: whether no note names them any more.
    func strikeDebts(of tiers: TierSet, limit: Int) throws(SQLiteError) -> Bool
    /// Writes down what is owed of one key; owed to no tier, it is struck out.
    func write(_ debt: Debt<Record.Key>) throws(SQLiteError)
    func progress() throws(SQLiteError) -> [TierName: TierProgress]
    func write(_ progress: TierProgress, of tier: TierName) throws(SQLiteError)

    /// Moves a whole broken file out of the way, to a name with the date. No connection has it open.
    static func setAside(_ path: String, at now: Timestamp) throws(SQLiteError)
    /// Files that were set aside and not `salvaged` yet, the oldest first.
    static func unsalvaged(_ path: String) throws(SQLiteError) -> [String]
    /// What can be read of a file that was set aside was taken over: so many rows.
    static func salvaged(_ file: String, rows: Int64) throws(SQLiteError)
    /// Reads what can still be read of a file that was set aside, some records at a time.
    static func salvage(_ path: String, _ body: ([Record]) throws(SQLiteError) -> Void) throws(SQLiteError)

    /// Puts a record that a remote tier has, and that is newer than what is known here.
    ///
    /// - Parameters:
    ///   - mayRename: whether what stands in its way may be given another name. If not, it waits.
    ///   - leaving: what this operation replaces after this record, and so stands in nobody's way.
    /// - Returns: false when something stands in its way, and nothing was put.
    static func adopt(
        _ record: Record, owedTo tiers: TierSet, mayRename: Bool, leaving: Set<Record.Key>,
        in transaction: inout StoreTransaction<Self>
    ) throws(RPCError) -> Bool
}

extension LocalTable {
    public init(path: String, progressed: @escaping () -> Void) throws(LocalTableError) { try self.init(path: path) }

    /// Where no row comes from another program.
    public func keepTime(by now: @escaping @Sendable () -> Timestamp) throws(SQLiteError) {}
    public var latestMoment: Timestamp { Timestamp(clamping: .min) }
    public func foreignRows() throws(SQLiteError) -> [Record] { [] }
    public func settleRivals(of records: [Record]) throws(SQLiteError) -> Bool { false }

    /// Where there is no log.
    public var logPages: Int { 0 }
    public func moveLog() -> LogMove { .moved }

    /// Where nothing happens that an operator should know of.
    public func incidents() throws(SQLiteError) -> StoreIncidents { StoreIncidents() }
    public var hasIncidentNews: Bool { false }
    public func acknowledge(_ incidents: [StoreIncident], at now: Timestamp) throws(SQLiteError) {}

    /// Where no record can stand in another one's way.
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
    /// Nothing was opened.
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

    /// Whether it may be otherwise later. A database of a later version of Rivet stays one.
    public var isTierTrouble: Bool {
        switch self {
        case .migration(.databaseIsNewer), .migration(.databaseIsOlder), .inUse, .noThread: false
        case .migration(.failed(_, let error)), .migration(.notCopied(_, let error)), .open(let error):
            error.isTierTrouble
        }
    }

    /// Whether what is in the file is no database, or a broken one.
    var isCorruption: Bool {
        switch self {
        case .migration(.databaseIsNewer), .migration(.databaseIsOlder), .inUse, .noThread: false
        case .migration(.failed(_, let error)), .migration(.notCopied(_, let error)), .open(let error):
            error.isCorruption
        }
    }
}
