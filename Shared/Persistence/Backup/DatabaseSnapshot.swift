/// A database file as it was at one moment, for copying it beside the service that has it.
///
/// It reads over a connection of its own, which writes neither the file nor its log and never makes a checkpoint: the
/// WAL race of SQLite 3.40 needs two connections that do. While the snapshot exists, the service's log cannot begin
/// again from its start, so it grows; keep snapshots short. Used by one thread.
public final class DatabaseSnapshot {
    private let connection: SQLiteConnection

    /// What was committed before this is called is in the snapshot, and of each later commit all or nothing.
    ///
    /// A log that no service has open is read, too, and left as it is. (SQLite may make an index of it, the `-shm` file.)
    public init(reading path: String) throws(SQLiteError) {
        connection = try SQLiteConnection(reading: path)
        try connection.execute("BEGIN")
        // A transaction has its moment from its first read on.
        _ = try connection.rows("SELECT count(*) FROM sqlite_master") { $0.integer(0) }
    }

    /// Writes a complete database without a log to the new file at `path`, mode 0600. It is not synced.
    ///
    /// - Throws: and then the file at `path`, if there is one, is of no use.
    public func copy(to path: String) throws(SQLiteError) {
        try SQLiteConnection(creating: path).fill(from: connection)
    }
}
