public import Contracts

/// What the tiers hold: the newest revision of one key, a tombstone among them.
public protocol TieredRecord: Sendable {
    associatedtype Key: Hashable & Sendable

    var key: Key { get }
    /// The higher one wins, in whichever tier it is found.
    var revision: Revision { get }
    /// Roughly the bytes that this takes in memory.
    var memoryCost: Int { get }
}

/// The records of one kind in a database on local disk. Belongs to the thread of its store.
public protocol LocalTable<Record>: AnyObject, SendableMetatype {
    associatedtype Record: TieredRecord

    /// Opens the file, and brings its schema up to date.
    init(path: String) throws(LocalTableError)

    func get(_ key: Record.Key) throws(SQLiteError) -> Record?
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
}

extension LocalTable {
    /// Where no record can stand in another one's way.
    public func makeWay(for records: [Record]) throws(SQLiteError) {}
}

/// Why a table could not be opened.
public enum LocalTableError: Error, Sendable, Equatable, CustomStringConvertible {
    case migration(MigrationError)
    case open(SQLiteError)
    /// Another process has the database open.
    case inUse(path: String)

    public var description: String {
        switch self {
        case .migration(let error): error.description
        case .open(let error): error.description
        case .inUse(let path):
            "\(path) is in use by another process: stop that one, or give this one another RIVET_STATE_DIR"
        }
    }

    /// Whether it may be otherwise later. A database of a later version of Rivet stays one.
    public var isTierTrouble: Bool {
        switch self {
        case .migration(.databaseIsNewer), .inUse: false
        case .migration(.failed(_, let error)), .open(let error): error.isTierTrouble
        }
    }
}
