import Migrations

/// Migrates a database file without a service, for `rivetctl migrate`.
public enum Migrator {
    /// The service whose tables the file has.
    public enum Store: Sendable { case conversations, machines }

    /// Creates the file at `path` if it is missing, and applies the missing migrations.
    ///
    /// Each migration is a separate transaction. A repeated call continues where an interrupted one stopped. Blocks.
    /// - Throws: `inUse` while a service has the file open.
    /// - Returns: the versions that were applied now; empty when the file was up to date.
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
