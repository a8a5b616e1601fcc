import Migrations

/// What the tables of both services have in common: a connection, opened and migrated.
public class SQLiteTable {
    let connection: SQLiteConnection
    // Given back after the connection is closed: properties go in the order of their declaration.
    private let lock: DatabaseLock

    init(path: String, store: Migration.Store) throws(LocalTableError) {
        lock = try DatabaseLock(databasePath: path)
        do { connection = try SQLiteConnection(path: path) } catch { throw .open(error) }
        do { _ = try SQLiteMigrator(store: store).migrate(connection) } catch { throw .migration(error) }
    }

    public func begin() throws(SQLiteError) { try connection.begin() }
    public func commit() throws(SQLiteError) { try connection.commit() }
    public func rollback() { connection.rollback() }
    public func savepoint() throws(SQLiteError) { try connection.run("SAVEPOINT change") }
    public func rollbackToSavepoint() throws(SQLiteError) { try connection.run("ROLLBACK TO change") }
    public func checkpoint() { connection.checkpoint() }

    /// Something that the store remembers beyond its rows.
    func fact(_ name: String) throws(SQLiteError) -> Int64? {
        try connection.rows("SELECT value FROM store_facts WHERE name = ?", [.text(name)]) { $0.integer(0) }.first
    }

    /// Keeps the highest `value` that was given for `name`.
    func raiseFact(_ name: String, to value: Int64) throws(SQLiteError) {
        try connection.run(
            """
            INSERT INTO store_facts(name, value) VALUES (?, ?)
            ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value)
            """, [.text(name), .integer(value)])
    }
}
