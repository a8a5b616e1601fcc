import Migrations

/// Why a PostgreSQL database's schema could not be brought up to date.
public enum PostgresMigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The database was written by a later version of Rivet.
    case databaseIsNewer(database: String, found: Int64, known: Int64)
    /// `version` is 0 where it was not even known what the database has had.
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

/// Brings a PostgreSQL database up to the newest schema, each migration in a transaction of its own.
///
/// What was applied is in `rivet_schema_migrations`, and is asked first, without a write: a role that may only read and
/// write rows is enough once the database is current. Repeatable: each migration may also run again. Programs that
/// migrate at the same time go one after another: each transaction begins with a lock that ends with it.
public struct PostgresMigrator: Sendable {
    /// For one migration. Those of later versions may have a million rows to go through.
    public static let defaultDeadline = Duration.seconds(60)
    /// For the question what is applied already, and for the lock: a peer that does not answer is no slow one.
    static let questionDeadline = Duration.seconds(10)

    /// "rivet" as a number: the key of the lock.
    private static let lock = PostgresStatement("SELECT pg_advisory_xact_lock(491362542964)")
    private static let table = PostgresStatement(
        """
        CREATE TABLE IF NOT EXISTS rivet_schema_migrations (
            version BIGINT PRIMARY KEY, name TEXT NOT NULL,
            applied_at TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'))
        """)
    /// Whether our table is there, and whether `schema_migrations` is the one that Rivet made until version 7: other
    /// programs have tables of that name, with other columns.
    private static let tables = PostgresStatement(
        """
        SELECT to_regclass('rivet_schema_migrations') IS NOT NULL, coalesce((
            SELECT string_agg(attname || ' ' || format_type(atttypid, NULL), ',' ORDER BY attnum) FROM pg_attribute
            WHERE attrelid = to_regclass('schema_migrations') AND attnum > 0 AND NOT attisdropped
        ) = 'version bigint,name text,applied_at timestamp without time zone', FALSE)
        """)
    private static let applied = PostgresStatement("SELECT version FROM rivet_schema_migrations ORDER BY version")
    private static let appliedBefore = PostgresStatement("SELECT version FROM schema_migrations ORDER BY version")
    /// The last version that is noted in `schema_migrations`.
    private static let lastOfOldTable: Int64 = 7

    private let store: Migration.Store
    private let deadline: Duration

    public init(store: Migrator.Store, deadline: Duration = defaultDeadline) {
        self.store = store.owned
        self.deadline = deadline
    }

    /// What a database has had.
    private struct Found {
        var versions: [Int64]
        var hasTable: Bool
        /// Whether `schema_migrations` is ours.
        var hasOldTable: Bool
    }

    /// Writes nothing when the database is current.
    /// - Returns: the versions that were applied now.
    public func migrate(_ connection: PostgresConnection) async throws(PostgresMigrationError) -> [Int64] {
        let found = try await find(connection)
        let missing = missing(in: found)
        guard let first = missing.first else { return [] }
        do {
            // Also where there is nothing to be made: a peer that is dead, or another program that migrates, is found out
            // here, and not after the time that a migration may take.
            let table = found.hasTable ? [] : found.hasOldTable ? [Self.table, Self.takeover] : [Self.table]
            let limit = min(deadline, Self.questionDeadline)
            _ = try await connection.submit([Self.lock] + table, deadline: limit).value.get()
        } catch { throw .failed(version: first.version, error) }
        var done: [Int64] = []
        for migration in missing where try await apply(migration, connection, found) { done.append(migration.version) }
        return done
    }

    /// The versions that the database has not had. Changes nothing.
    package func missing(_ connection: PostgresConnection) async throws(PostgresMigrationError) -> [Int64] {
        missing(in: try await find(connection)).map(\.version)
    }

    private func missing(in found: Found) -> [Migration] {
        Migration.all(of: store).filter { !found.versions.contains($0.version) }
    }

    /// Both services may share a database, so "newer" is newer than the newest of either.
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

    /// Has a Rivet that knows only `schema_migrations` say that the database is newer than it, and what to do.
    private static func sign(_ migration: Migration) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO schema_migrations (version, name) VALUES (\(migration.version), '\(migration.name)')
            ON CONFLICT DO NOTHING
            """)
    }

    // MARK: One migration

    /// Runs a whole file, unless another program did since we looked: then its note is in the way of ours.
    ///
    /// When an optional step is refused, all is done once more without those.
    /// - Returns: whether it was done here.
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
            /// Which statements of the batch are optional.
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
