import CSQLite
import Migrations

/// A database file without a service, to be filled before a service opens it.
final class BareDatabase {
    struct Failure: Error { var message: String }

    private var database: OpaquePointer?

    /// A new file with the schema of `store`, as Rivet makes it.
    init(path: String, store: Migration.Store) throws {
        guard sqlite3_open(path, &database) == SQLITE_OK else { throw Failure(message: "cannot open \(path)") }
        // After a power loss during the filling, the file is filled again.
        for pragma in ["journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"] {
            try execute("PRAGMA " + pragma)
        }
        try execute(
            """
            CREATE TABLE rivet_schema_migrations (
                version INTEGER PRIMARY KEY, name TEXT NOT NULL,
                applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')))
            """)
        for migration in Migration.all(of: store) {
            try execute(migration.sqlite)
            try execute(
                "INSERT INTO rivet_schema_migrations(version, name) VALUES (\(migration.version), '\(migration.name)')")
        }
    }

    /// An existing file. A query does not disturb a service that has it open.
    init(filling path: String) throws {
        guard sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK else {
            throw Failure(message: "cannot open \(path)")
        }
    }

    deinit { sqlite3_close(database) }

    func count(_ table: String) throws -> Int {
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(database, "SELECT count(*) FROM \(table)", -1, &statement, nil) == SQLITE_OK,
            sqlite3_step(statement) == SQLITE_ROW
        else { throw Failure(message: String(cString: sqlite3_errmsg(database))) }
        return Int(sqlite3_column_int64(statement, 0))
    }

    func execute(_ sql: String) throws {
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
            throw Failure(message: String(cString: sqlite3_errmsg(database)))
        }
    }
}
