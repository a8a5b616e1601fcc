/// A database file as it was at one moment, for a copy while its service uses it.
///
/// It reads over a separate connection, which writes neither the file nor its log and never makes a checkpoint: the WAL
/// race of SQLite 3.40 needs two connections that do. While the snapshot exists, the service's log cannot restart from
/// its beginning and grows, so keep snapshots short. Used by one thread.
public final class DatabaseSnapshot {
    private let connection: SQLiteConnection

    /// Opens a snapshot. It contains everything that was committed before this call, and each later commit completely
    /// or not at all.
    ///
    /// A log that no service has open is read too, and left unchanged. (SQLite may create an index for it, the `-shm`
    /// file.)
    public init(reading path: String) throws(SQLiteError) {
        connection = try SQLiteConnection(reading: path)
        try connection.execute("BEGIN")
        // The first read fixes the moment that a transaction sees.
        _ = try connection.rows("SELECT count(*) FROM sqlite_master") { $0.integer(0) }
    }

    /// Writes a complete database without a log to the new file at `path`, mode 0600. It is not synced.
    ///
    /// - Throws: `SQLiteError`; then a file at `path` is incomplete and must not be used.
    public func copy(to path: String) throws(SQLiteError) {
        try SQLiteConnection(creating: path).fill(from: connection)
    }
}
