import CSQLite
import Contracts
import Migrations

/// Why a database's schema could not be brought up to date.
public enum MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The database was written by a later version of Rivet.
    case databaseIsNewer(path: String, found: Int64, known: Int64)
    /// It is only read here, and has not had all migrations.
    case databaseIsOlder(path: String, missing: [Int64])
    case failed(version: Int64, SQLiteError)

    public var description: String {
        switch self {
        case .databaseIsOlder(let path, let missing):
            "\(path) has not had migration \(missing.map(String.init).joined(separator: ", ")): start its service, or run "
                + "rivetctl migrate"
        case .databaseIsNewer(let path, let found, let known):
            "\(path) has schema version \(found), and this program knows versions up to \(known): install the newer Rivet "
                + "that wrote it, or restore a copy from before the upgrade"
        case .failed(let version, let error): "migration \(version) failed and was undone: \(error)"
        }
    }
}

/// Brings one SQLite database up to the newest schema, each migration in a transaction of its own.
///
/// Repeatable: what was applied is remembered in `schema_migrations`, and each migration may also run again.
struct SQLiteMigrator {
    var store: Migration.Store

    /// - Returns: the versions that were applied now.
    func migrate(_ connection: SQLiteConnection) throws(MigrationError) -> [Int64] {
        let migrations = Migration.all(of: store)
        do {
            try connection.execute(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    version INTEGER PRIMARY KEY, name TEXT NOT NULL,
                    applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')))
                """)
        } catch { throw .failed(version: 0, error) }
        let applied = try appliedVersions(connection)
        var done: [Int64] = []
        for migration in migrations where !applied.contains(migration.version) {
            do { try apply(migration, connection) } catch {
                connection.rollback()
                throw .failed(version: migration.version, error)
            }
            done.append(migration.version)
        }
        return done
    }

    /// Changes nothing.
    /// - Throws: unless the database has had just the migrations that are known here.
    func requireCurrent(_ connection: SQLiteConnection) throws(MigrationError) {
        let applied = try appliedVersions(connection)
        let missing = Migration.all(of: store).map(\.version).filter { !applied.contains($0) }
        guard missing.isEmpty else { throw .databaseIsOlder(path: connection.path, missing: missing) }
    }

    /// The versions that were applied; none of them is newer than those that are known.
    func appliedVersions(_ connection: SQLiteConnection) throws(MigrationError) -> [Int64] {
        let known = Migration.all(of: store).last?.version ?? 0
        let applied: [Int64]
        do {
            let hasTable = try connection.rows("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'") { _ in 1
            }
            if hasTable.isEmpty { return [] }
            applied = try connection.rows("SELECT version FROM schema_migrations") { $0.integer(0) }
        } catch { throw .failed(version: 0, error) }
        if let newest = applied.max(), newest > known {
            throw .databaseIsNewer(path: connection.path, found: newest, known: known)
        }
        return applied
    }

    private func apply(_ migration: Migration, _ connection: SQLiteConnection) throws(SQLiteError) {
        try connection.begin()
        for statement in Self.statements(in: migration.sqlite) {
            do { try connection.execute(statement) } catch  where error.message.hasPrefix("duplicate column name") {
                // SQLite has no ADD COLUMN IF NOT EXISTS: the column is there, as the statement wants it.
            }
        }
        try connection.run(
            "INSERT OR REPLACE INTO schema_migrations(version, name) VALUES (?, ?)",
            [.integer(migration.version), .text(migration.name)])
        try connection.commit()
    }

    /// The statements of a file, told apart as the sqlite3 shell does it (a trigger's body has semicolons of its own).
    static func statements(in sql: String) -> [String] {
        var statements: [String] = []
        var current = ""
        for piece in sql.split(separator: ";", omittingEmptySubsequences: false) {
            current += piece + ";"
            guard sqlite3_complete(current) != 0 else { continue }
            if current.contains(where: { !$0.isWhitespace && $0 != ";" }) { statements.append(current) }
            current = ""
        }
        return statements
    }
}
