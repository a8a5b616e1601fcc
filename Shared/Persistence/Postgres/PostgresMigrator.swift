import Migrations

/// Why a PostgreSQL database's schema could not be updated.
public enum PostgresMigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The database was written by a later version of Rivet.
    case databaseIsNewer(database: String, found: Int64, known: Int64)
    /// `version` is 0 if the applied migrations could not even be read.
    case failed(version: Int64, PostgresError)

    public var description: String {
        switch self {
        case .databaseIsNewer(let database, let found, let known):
            MigrationError.databaseIsNewer(path: database, found: found, known: known).description
        case .failed(0, let error): "the migrations that the database has had cannot be read: \(error)"
        case .failed(let version, let error) where error.cause == .privilege:
            "migration \(version) is missing, and this user may not make it: \(error). Have the owner of the tables run "
                + "rivetctl migrate; afterwards, this user needs no more than to read and write rows"
        case .failed(let version, let error): "migration \(version) failed and was undone: \(error)"
        }
    }
}

/// Updates a PostgreSQL database to the newest schema, with each migration in a separate transaction.
///
/// It first reads the applied versions from `rivet_schema_migrations`, without a write. So a role that may only read
/// and write rows is enough once the database is current. Repeatable: each migration may also run again. Programs that
/// migrate at the same time run one after another: each transaction begins with a lock that ends with it.
public struct PostgresMigrator: Sendable {
    /// For one migration. Migrations of later versions may process a million rows.
    public static let defaultDeadline = Duration.seconds(60)
    /// For reading the applied versions, and for the lock. A peer that does not respond in this time is dead, not slow.
    static let questionDeadline = Duration.seconds(10)

    /// The key of the lock: "rivet" as a number.
    private static let lock = PostgresStatement("SELECT pg_advisory_xact_lock(491362542964)")
    private static let table = PostgresStatement(
        """
        CREATE TABLE IF NOT EXISTS rivet_schema_migrations (
            version BIGINT PRIMARY KEY, name TEXT NOT NULL,
            applied_at TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'))
        """)
    /// Whether Rivet's table exists, and whether `schema_migrations` is the one that Rivet created until version 7:
    /// other programs have tables of that name with other columns.
    private static let tables = PostgresStatement(
        """
        SELECT to_regclass('rivet_schema_migrations') IS NOT NULL, coalesce((
            SELECT string_agg(attname || ' ' || format_type(atttypid, NULL), ',' ORDER BY attnum) FROM pg_attribute
            WHERE attrelid = to_regclass('schema_migrations') AND attnum > 0 AND NOT attisdropped
        ) = 'version bigint,name text,applied_at timestamp without time zone', FALSE)
        """)
    private static let applied = PostgresStatement("SELECT version FROM rivet_schema_migrations ORDER BY version")
    private static let appliedBefore = PostgresStatement("SELECT version FROM schema_migrations ORDER BY version")
    /// The last version that is recorded in `schema_migrations`.
    private static let lastOfOldTable: Int64 = 7

    private let store: Migration.Store
    private let deadline: Duration

    public init(store: Migrator.Store, deadline: Duration = defaultDeadline) {
        self.store = store.owned
        self.deadline = deadline
    }

    /// The migrations that were found in a database.
    private struct Found {
        var versions: [Int64]
        var hasTable: Bool
        /// Whether `schema_migrations` is Rivet's table.
        var hasOldTable: Bool
    }

    /// Writes nothing when the database is current.
    /// - Returns: the versions that were applied now.
    public func migrate(_ connection: PostgresConnection) async throws(PostgresMigrationError) -> [Int64] {
        let found = try await find(connection)
        let missing = missing(in: found)
        guard let first = missing.first else { return [] }
        do {
            // This runs even if no table must be created. It detects a dead peer, or another program that migrates, now
            // and not only after the time that a migration may take.
            let table = found.hasTable ? [] : found.hasOldTable ? [Self.table, Self.takeover] : [Self.table]
            let limit = min(deadline, Self.questionDeadline)
            _ = try await connection.submit([Self.lock] + table, deadline: limit).value.get()
        } catch { throw .failed(version: first.version, error) }
        var done: [Int64] = []
        for migration in missing where try await apply(migration, connection, found) { done.append(migration.version) }
        return done
    }

    /// The versions that the database lacks. Changes nothing.
    package func missing(_ connection: PostgresConnection) async throws(PostgresMigrationError) -> [Int64] {
        missing(in: try await find(connection)).map(\.version)
    }

    private func missing(in found: Found) -> [Migration] {
        Migration.all(of: store).filter { !found.versions.contains($0.version) }
    }

    /// Both services may share a database, so "newer" means newer than the newest version of both.
    private func find(_ connection: PostgresConnection) async throws(PostgresMigrationError) -> Found {
        let limit = min(deadline, Self.questionDeadline)
        var found = Found(versions: [], hasTable: false, hasOldTable: false)
        do {
            let row = try await connection.submit([Self.tables], deadline: limit).value.get()[0].rows[0]
            found.hasTable = row.flag(0) ?? false
            found.hasOldTable = row.flag(1) ?? false
            if found.hasTable || found.hasOldTable {
                let question = found.hasTable ? Self.applied : Self.appliedBefore
                let rows = try await connection.submit([question], deadline: limit).value.get()[0].rows
                found.versions = rows.compactMap { $0.integer(0) }
            }
        } catch { throw .failed(version: 0, error) }
        let known = Migration.all.map(\.version).max() ?? 0
        if let newest = found.versions.max(), newest > known {
            throw .databaseIsNewer(database: connection.target.description, found: newest, known: known)
        }
        return found
    }

    // MARK: `schema_migrations`, which Rivet wrote until version 7

    private static var takeover: PostgresStatement {
        let known = Migration.all.filter { $0.version <= lastOfOldTable }
            .map { "(\($0.version), '\($0.name)')" }.joined(separator: ", ")
        return PostgresStatement(
            """
            INSERT INTO rivet_schema_migrations (version, name, applied_at)
            SELECT version, name, applied_at FROM schema_migrations WHERE (version, name) IN (\(known))
            ON CONFLICT DO NOTHING
            """)
    }

    /// Records the version in `schema_migrations` too, so that an older Rivet that knows only this table reports that
    /// the database is newer, and what to do.
    private static func sign(_ migration: Migration) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO schema_migrations (version, name) VALUES (\(migration.version), '\(migration.name)')
            ON CONFLICT DO NOTHING
            """)
    }

    // MARK: One migration

    /// Runs a whole file, unless another program did so since we looked. Then that program's row for the version
    /// conflicts with ours.
    ///
    /// If the server refuses an optional step, everything is repeated without the optional steps.
    /// - Returns: whether this call applied it.
    private func apply(
        _ migration: Migration, _ connection: PostgresConnection, _ found: Found
    ) async throws(PostgresMigrationError) -> Bool {
        let note = PostgresStatement(
            "INSERT INTO rivet_schema_migrations (version, name) VALUES (\(migration.version), '\(migration.name)')")
        var end: [PostgresStatement] = []
        if found.hasOldTable, migration.version > Self.lastOfOldTable { end.append(Self.sign(migration)) }
        let script = PostgresScript(migration.postgreSQL)
        var steps = script.steps
        while true {
            var batch = [Self.lock, note]
            /// The positions of the optional statements in the batch.
            var optional: Set<Int> = []
            var isAskingOptional = false
            do {
                for step in steps {
                    isAskingOptional = step.isOptional
                    let statements = try await statements(of: step, connection)
                    if step.isOptional { optional.formUnion(batch.count..<(batch.count + statements.count)) }
                    batch += statements
                }
                isAskingOptional = false
                _ = try await connection.submit(batch + end, deadline: deadline).value.get()
                return true
            } catch {
                if error.failure == .conflict, error.constraint == "rivet_schema_migrations_pkey" { return false }
                let isOptional = isAskingOptional || (error.statement.map(optional.contains) ?? false)
                guard isOptional, error.outcome == .refused, error.failure == .bug || error.failure == .unusable else {
                    throw .failed(version: migration.version, error)
                }
                steps = steps.filter { !$0.isOptional }
            }
        }
    }

    private func statements(
        of step: PostgresScript.Step, _ connection: PostgresConnection
    ) async throws(PostgresError) -> [PostgresStatement] {
        guard step.isQuery else { return [PostgresStatement(step.sql)] }
        let result = try await connection.submit([PostgresStatement(step.sql)], deadline: deadline).value.get()[0]
        return result.rows.compactMap { $0.text(0) }.map { PostgresStatement($0) }
    }
}
