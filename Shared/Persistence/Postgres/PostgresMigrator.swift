import Migrations

/// Why a PostgreSQL database's schema could not be brought up to date.
public enum PostgresMigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The database was written by a later version of Rivet.
    case databaseIsNewer(database: String, found: Int64, known: Int64)
    case failed(version: Int64, PostgresError)

    public var description: String {
        switch self {
        case .databaseIsNewer(let database, let found, let known):
            MigrationError.databaseIsNewer(path: database, found: found, known: known).description
        case .failed(let version, let error): "migration \(version) failed and was undone: \(error)"
        }
    }
}

/// Brings a PostgreSQL database up to the newest schema, each migration in a transaction of its own.
///
/// Repeatable: what was applied is remembered in `schema_migrations`, and each migration may also run again. Programs
/// that do it at the same time go one after another: each transaction begins with a lock that ends with it.
public struct PostgresMigrator: Sendable {
    /// For one migration. Those of later versions may have a million rows to go through.
    public static let defaultDeadline = Duration.seconds(60)
    /// For the question what is applied already: a peer that does not answer it is no slow one.
    static let questionDeadline = Duration.seconds(10)

    /// "rivet" as a number: the key of the lock.
    private static let lock = PostgresStatement("SELECT pg_advisory_xact_lock(491362542964)")
    private static let table = PostgresStatement(
        """
        CREATE TABLE IF NOT EXISTS schema_migrations (
            version BIGINT PRIMARY KEY, name TEXT NOT NULL,
            applied_at TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'))
        """)
    private static let applied = PostgresStatement("SELECT version FROM schema_migrations ORDER BY version")

    private let store: Migration.Store
    private let deadline: Duration

    public init(store: Migrator.Store, deadline: Duration = defaultDeadline) {
        self.store = store.owned
        self.deadline = deadline
    }

    /// - Returns: the versions that were applied now.
    public func migrate(_ connection: PostgresConnection) async throws(PostgresMigrationError) -> [Int64] {
        let found = try await versions(connection)
        try Self.requireKnown(found, connection)
        var done: [Int64] = []
        for migration in Migration.all(of: store) where !found.contains(migration.version) {
            let batch = [Self.lock, Self.statement(migration)]
            do { _ = try await connection.submit(batch, deadline: deadline).value.get() } catch {
                throw .failed(version: migration.version, error)
            }
            done.append(migration.version)
        }
        return done
    }

    /// The versions that the database has not had. Changes nothing.
    package func missing(_ connection: PostgresConnection) async throws(PostgresMigrationError) -> [Int64] {
        let exists = PostgresStatement("SELECT to_regclass('schema_migrations') IS NOT NULL")
        let found: [Int64]
        do {
            let hasTable = try await connection.submit([exists], deadline: deadline).value.get()[0].rows[0].flag(0)
            guard hasTable == true else { return Migration.all(of: store).map(\.version) }
            let result = try await connection.submit([Self.applied], deadline: deadline).value.get()[0]
            found = result.rows.compactMap { $0.integer(0) }
        } catch { throw .failed(version: 0, error) }
        try Self.requireKnown(found, connection)
        return Migration.all(of: store).map(\.version).filter { !found.contains($0) }
    }

    /// Both services may share a database, so "newer" is newer than the newest of either.
    private static func requireKnown(
        _ found: [Int64], _ connection: PostgresConnection
    ) throws(PostgresMigrationError) {
        let known = Migration.all.map(\.version).max() ?? 0
        if let newest = found.max(), newest > known {
            throw .databaseIsNewer(database: connection.target.description, found: newest, known: known)
        }
    }

    private func versions(_ connection: PostgresConnection) async throws(PostgresMigrationError) -> [Int64] {
        do {
            let results = try await connection.submit(
                [Self.lock, Self.table, Self.applied], deadline: min(deadline, Self.questionDeadline)
            ).value.get()
            return results[2].rows.compactMap { $0.integer(0) }
        } catch { throw .failed(version: 0, error) }
    }

    /// Runs a whole file, unless somebody else did since we looked. As text within a DO block, because a statement that
    /// goes out in a pipeline must be a single one, and nobody tells statements apart better than the server.
    private static func statement(_ migration: Migration) -> PostgresStatement {
        precondition(!migration.postgreSQL.contains("$rivet"), "a migration holds the quotes that are put around it")
        return PostgresStatement(
            """
            DO $rivet$ BEGIN
                IF NOT EXISTS (SELECT FROM schema_migrations WHERE version = \(migration.version)) THEN
                    EXECUTE $rivet_file$\(migration.postgreSQL)$rivet_file$;
                    INSERT INTO schema_migrations (version, name) VALUES (\(migration.version), '\(migration.name)');
                END IF;
            END $rivet$
            """)
    }
}
