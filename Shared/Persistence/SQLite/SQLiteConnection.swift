import CSQLite
import Glibc

/// One connection to one database file.
///
/// Thread rule: it is opened without SQLite's own mutexes (`SQLITE_OPEN_NOMUTEX`), and only the thread that owns it
/// uses it. It is the only connection to its file that writes: SQLite 3.40 has a race between two connections that
/// write and checkpoint one WAL at the same time.
final class SQLiteConnection {
    /// How long statements wait for a lock of another program.
    static let busyTimeoutMilliseconds: Int32 = 2_000
    let path: String
    /// Not private, because extensions in other files use it.
    let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]
    /// See `SQLiteConnection+Log.swift`.
    var log = WriteAheadLog()
    /// Called repeatedly while a statement works, so that a long statement can be distinguished from one that hangs.
    private(set) var progressed: (() -> Void)?
    /// The number of instructions of SQLite's virtual machine between two calls of the progress handler: a tenth of a
    /// second or less.
    private static let progressInstructions: Int32 = 20_000

    /// Opens the file at `path` in WAL mode with `synchronous=FULL`: when a commit returns, it survives power loss. A
    /// missing file is created with mode 0600.
    init(path: String) throws(SQLiteError) {
        // SQLite would create the file with mode 0644 minus the umask. If we create it first, its -wal and -shm get the
        // mode 0600 too.
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .cannotOpen(path, errno)
        }
        close(descriptor)
        self.path = path
        handle = try Self.open(path, SQLITE_OPEN_READWRITE)
        try configure()
    }

    /// Opens the file at `path` to read it while another connection may write it. This connection writes neither the
    /// file nor its log and makes no checkpoint, not even when it is closed last: the race needs two writers.
    init(reading path: String) throws(SQLiteError) {
        // Checks the effective rights, which are those that open the file: root may have given up its rights for this.
        guard faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0 else { throw .cannotOpen(path, errno) }
        self.path = path
        handle = try Self.open(path, SQLITE_OPEN_READONLY)
        sqlite3_busy_timeout(handle, Self.busyTimeoutMilliseconds)
        let configured = rivet_sqlite_no_checkpoint_on_close(handle)
        guard configured == SQLITE_OK else { throw failure(configured, "no checkpoint") }
        try require("query_only", setTo: "ON", reads: "1")
    }

    /// Creates the file at `path`, which must not exist, with mode 0600, to be filled by one copy. It has no rollback
    /// journal and does not sync: a failed copy is removed, and the caller syncs a finished one.
    init(creating path: String) throws(SQLiteError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .cannotOpen(path, errno) }
        close(descriptor)
        self.path = path
        handle = try Self.open(path, SQLITE_OPEN_READWRITE)
        try require("journal_mode", setTo: "OFF", reads: "off")
        try require("synchronous", setTo: "OFF", reads: "0")
    }

    private static func open(_ path: String, _ mode: Int32) throws(SQLiteError) -> OpaquePointer {
        var handle: OpaquePointer?
        let code = sqlite3_open_v2(path, &handle, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let handle else {
            sqlite3_close_v2(handle)
            throw SQLiteError(code: code, message: String(cString: sqlite3_errstr(code)), operation: "open \(path)")
        }
        return handle
    }

    deinit {
        statements = [:]
        sqlite3_close_v2(handle)
    }

    private func configure() throws(SQLiteError) {
        sqlite3_busy_timeout(handle, Self.busyTimeoutMilliseconds)
        try require("journal_mode", setTo: "WAL", reads: "wal")
        try require("synchronous", setTo: "FULL", reads: "2")
        try execute("PRAGMA cell_size_check = ON")
        try execute("PRAGMA journal_size_limit = \(WriteAheadLog.bytesKept)")
        countLogPages()
    }

    /// Sets a pragma and reads it back, since SQLite silently ignores a value that it cannot set.
    func require(_ pragma: String, setTo value: String, reads expected: String) throws(SQLiteError) {
        try execute("PRAGMA \(pragma) = \(value)")
        let statement = try SQLiteStatement(handle, "PRAGMA \(pragma)")
        guard try statement.step(), statement.text(0) == expected else {
            throw SQLiteError(
                code: SQLITE_CANTOPEN, message: "\(pragma) is \(statement.text(0) ?? "unknown"), not \(value)",
                operation: "open \(path)")
        }
    }

    /// Calls `progressed` while statements work; nil ends that. It is called on the thread of the statement.
    func watch(_ progressed: (() -> Void)?) {
        self.progressed = progressed
        guard progressed != nil else { return sqlite3_progress_handler(handle, 0, nil, nil) }
        sqlite3_progress_handler(
            handle, Self.progressInstructions,
            { connection in
                guard let connection else { return 0 }
                // SAFETY: SQLite calls this while a statement runs, and so while its connection exists. Tested by
                // `MigrationTests.A long migration: reports progress until the file is open`.
                Unmanaged<SQLiteConnection>.fromOpaque(connection).takeUnretainedValue().progressed?()
                return 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// The prepared form of `sql`, reset and without bound values. It is kept for the life of the connection.
    func statement(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        if let statement = statements[sql] {
            statement.reset()
            return statement
        }
        let statement = try SQLiteStatement(handle, sql)
        statements[sql] = statement
        return statement
    }

    /// Runs statements without parameters, and ignores their rows.
    func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, sql) }
    }

    /// Runs one statement with `values` bound, to its end.
    func run(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteError) {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        while try statement.step() {}
    }

    /// A number that changes when another connection has changed the file.
    func dataVersion() throws(SQLiteError) -> Int64 { try rows("PRAGMA data_version") { $0.integer(0) }.first ?? 0 }

    /// The rows of a query, each converted by `read`.
    func rows<Row>(
        _ sql: String, _ values: [SQLiteValue] = [], _ read: (SQLiteStatement) throws(SQLiteError) -> Row
    ) throws(SQLiteError) -> [Row] {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        var rows: [Row] = []
        while try statement.step() { rows.append(try read(statement)) }
        return rows
    }

    /// Calls `body` with each row, up to the first that cannot be read.
    /// - Returns: the number of rows.
    func eachRow(
        _ sql: String, _ values: [SQLiteValue], _ body: (SQLiteStatement) throws(SQLiteError) -> Void
    ) throws(SQLiteError) -> Int {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        var count = 0
        while try statement.step() {
            try body(statement)
            count += 1
        }
        return count
    }

    /// The number of rows that the last INSERT, UPDATE or DELETE changed.
    var changes: Int { Int(sqlite3_changes64(handle)) }

    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    func begin() throws(SQLiteError) { try run("BEGIN IMMEDIATE") }

    /// - Throws: `SQLiteError`; then the outcome is unknown, and the rows may be there after a crash. The caller must
    ///   write them again, and must never treat them as undone.
    func commit() throws(SQLiteError) { try run("COMMIT") }

    /// Rolls back the open transaction, if there is one.
    func rollback() {
        guard isInTransaction else { return }
        sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
    }

    func failure(_ code: Int32, _ sql: String) -> SQLiteError {
        SQLiteError(code: code, message: String(cString: sqlite3_errmsg(handle)), operation: sql.sqlVerb)
    }
}

extension String {
    /// The first three words of a statement: enough to identify it, without anything that a person typed.
    var sqlVerb: String { split(whereSeparator: \.isWhitespace).prefix(3).joined(separator: " ") }
}
