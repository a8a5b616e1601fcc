import Migrations

/// Brings a database file up to date without a service: what `rivetctl migrate` does.
public enum Migrator {
    /// Whose tables the file has.
    public enum Store: Sendable { case conversations, machines }

    /// Makes the file at `path` if it is missing, and applies the migrations that it has not had.
    ///
    /// Each migration is in a transaction of its own; the same call again goes on where one was cut off. Blocks.
    /// - Throws: `inUse` while a service has the file open.
    /// - Returns: the versions that were applied now; none when the file was up to date.
    public static func migrate(path: String, store: Store) throws(LocalTableError) -> [Int64] {
        let lock = try DatabaseLock(databasePath: path)
        defer { withExtendedLifetime(lock) {} }
        let connection: SQLiteConnection
        do { connection = try SQLiteConnection(path: path) } catch { throw .open(error) }
        do { return try SQLiteMigrator(store: store.owned).migrate(connection) } catch { throw .migration(error) }
    }
}

extension Migrator.Store {
    var owned: Migration.Store {
        switch self {
        case .conversations: .conversations
        case .machines: .machines
        }
    }
}
