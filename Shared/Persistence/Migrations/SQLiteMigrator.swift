import CSQLite
import Contracts
import Migrations

/// Why a database's schema could not be updated.
public enum MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The database was written by a later version of Rivet.
    case databaseIsNewer(path: String, found: Int64, known: Int64)
    /// The file was opened to read only, and lacks migrations.
    case databaseIsOlder(path: String, missing: [Int64])
    /// `version` is 0 if the applied migrations could not even be read.
    case failed(version: Int64, SQLiteError)
    /// The copy of the file failed, so the file was not migrated.
    case notCopied(path: String, SQLiteError)

    public var description: String {
        switch self {
        case .databaseIsOlder(let path, let missing):
            "\(path) has not had migration \(missing.map(String.init).joined(separator: ", ")): start its service, or run "
                + "rivetctl migrate"
        case .databaseIsNewer(let path, let found, let known):
            "\(path) has schema version \(found), and this program knows versions up to \(known): install the newer Rivet "
                + "that wrote it, or restore a copy from before the upgrade"
        case .failed(0, let error): "the migrations that the file has had cannot be read: \(error)"
        case .failed(let version, let error): "migration \(version) failed and was undone: \(error)"
        case .notCopied(let path, let error):
            "\(path) is not migrated, because the copy that is kept of it before failed: \(error). Make room beside it, or "
                + "move older copies away"
        }
    }
}

/// Updates one SQLite database to the newest schema, with each migration in a separate transaction.
///
/// Repeatable: `rivet_schema_migrations` records the applied migrations, and each migration may also run again. A file
/// that has a schema already is copied first, see `keepCopy`.
struct SQLiteMigrator {
    private static let table = """
        CREATE TABLE IF NOT EXISTS rivet_schema_migrations (
            version INTEGER PRIMARY KEY, name TEXT NOT NULL,
            applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')))
        """
    /// Until version 7 the table had this name. An older Rivet reads in it that the file is newer, and reports what to
    /// do.
    private static let oldTable = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version INTEGER PRIMARY KEY, name TEXT NOT NULL,
            applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')))
        """
    /// The last version that is recorded only in the old table.
    private static let lastOfOldTable: Int64 = 7

    var store: Migration.Store

    /// - Returns: the versions that were applied now.
    func migrate(_ connection: SQLiteConnection) throws(MigrationError) -> [Int64] {
        let applied = try appliedVersions(connection)
        let missing = Migration.all(of: store).filter { !applied.contains($0.version) }
        if missing.isEmpty { return [] }
        do throws(SQLiteError) {
            if try hasSchema(connection) { try connection.keepCopy(named: "schema-\(applied.max() ?? 0)") }
        } catch { throw .notCopied(path: connection.path, error) }
        do throws(SQLiteError) { try takeOver(connection) } catch {
            connection.rollback()
            throw .failed(version: missing[0].version, error)
        }
        var done: [Int64] = []
        for migration in missing {
            do { try apply(migration, connection) } catch {
                connection.rollback()
                throw .failed(version: migration.version, error)
            }
            done.append(migration.version)
        }
        return done
    }

    /// Checks that the schema is current. Changes nothing.
    /// - Throws: if the database lacks migrations or has unknown ones.
    func requireCurrent(_ connection: SQLiteConnection) throws(MigrationError) {
        let applied = try appliedVersions(connection)
        let missing = Migration.all(of: store).map(\.version).filter { !applied.contains($0) }
        guard missing.isEmpty else { throw .databaseIsOlder(path: connection.path, missing: missing) }
    }

    /// The applied versions. None of them is newer than the known ones.
    func appliedVersions(_ connection: SQLiteConnection) throws(MigrationError) -> [Int64] {
        let known = Migration.all(of: store).last?.version ?? 0
        var applied: [Int64] = []
        do throws(SQLiteError) {
            let tables = ["rivet_schema_migrations", "schema_migrations"]
            for name in tables {
                guard applied.isEmpty, try has(name, connection) else { continue }
                applied = try connection.rows("SELECT version FROM \(name)") { $0.integer(0) }
            }
        } catch { throw .failed(version: 0, error) }
        if let newest = applied.max(), newest > known {
            throw .databaseIsNewer(path: connection.path, found: newest, known: known)
        }
        return applied
    }

    private func has(_ table: String, _ connection: SQLiteConnection) throws(SQLiteError) -> Bool {
        let found = try connection.rows("SELECT 1 FROM sqlite_master WHERE name = ?", [.text(table)]) { _ in 1 }
        return !found.isEmpty
    }

    private func hasSchema(_ connection: SQLiteConnection) throws(SQLiteError) -> Bool {
        try !connection.rows("SELECT 1 FROM sqlite_master LIMIT 1", [], { _ in 1 }).isEmpty
    }

    private func takeOver(_ connection: SQLiteConnection) throws(SQLiteError) {
        try connection.begin()
        try connection.execute(Self.table)
        try connection.execute(Self.oldTable)
        try connection.run(
            """
            INSERT OR IGNORE INTO rivet_schema_migrations (version, name, applied_at)
            SELECT version, name, coalesce(applied_at, strftime('%Y-%m-%d %H:%M:%f', 'now'))
            FROM schema_migrations WHERE version <= ?
            """, [.integer(Self.lastOfOldTable)])
        try connection.commit()
    }

    private func apply(_ migration: Migration, _ connection: SQLiteConnection) throws(SQLiteError) {
        try connection.begin()
        for statement in Self.statements(in: migration.sqlite) {
            do { try connection.execute(statement) } catch  where error.message.hasPrefix("duplicate column name") {
                // SQLite has no ADD COLUMN IF NOT EXISTS. The column exists already, as the statement requires.
            }
        }
        for table in ["rivet_schema_migrations", "schema_migrations"] {
            try connection.run(
                "INSERT OR REPLACE INTO \(table)(version, name) VALUES (?, ?)",
                [.integer(migration.version), .text(migration.name)])
        }
        try connection.commit()
    }

    /// Splits a file into statements as the sqlite3 shell does (the body of a trigger contains semicolons too).
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
