import CSQLite
import Migrations

/// A database file that nobody serves, for filling it before a service does.
final class BareDatabase {
    struct Failure: Error { var message: String }

    private var database: OpaquePointer?

    /// With the schema of `store`, as Rivet makes it.
    init(path: String, store: Migration.Store) throws {
        guard sqlite3_open(path, &database) == SQLITE_OK else { throw Failure(message: "cannot open \(path)") }
        // Whoever loses power while it is filled fills it again.
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

    deinit { sqlite3_close(database) }

    func execute(_ sql: String) throws {
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
            throw Failure(message: String(cString: sqlite3_errmsg(database)))
        }
    }
}
