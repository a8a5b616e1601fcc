import Migrations
import Persistence
import TestSupport

@testable import Persistence

/// Databases as earlier versions of Rivet leave them.
enum EarlierSchema {
    /// Version 7: with its table `schema_migrations`, a visit of both stores, and the rows that `rows` inserts.
    static func version7(_ connection: PostgresConnection, rows: [String] = []) async throws {
        try await connection.run(
            """
            CREATE TABLE schema_migrations (
                version BIGINT PRIMARY KEY, name TEXT NOT NULL,
                applied_at TIMESTAMP NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'))
            """)
        for migration in Migration.all where migration.version <= 7 {
            for step in PostgresScript(migration.postgreSQL).steps { try await connection.run(step.sql) }
            try await connection.run(
                "INSERT INTO schema_migrations (version, name) VALUES (\(migration.version), '\(migration.name)')")
        }
        for (store, mark) in [("conversations", 11), ("machines", 12)] {
            try await connection.run(
                "INSERT INTO store_marks VALUES ('\(store)', \(mark), \(mark * 10), '2026-11-26 09:00')")
        }
        for row in rows { try await connection.run(row) }
    }

    /// Applies the migrations of both stores.
    static func upgrade(_ connection: PostgresConnection) async throws -> [Int64] {
        var applied: [Int64] = []
        for store in [Migrator.Store.conversations, .machines] {
            applied += try await PostgresMigrator(store: store).migrate(connection)
        }
        return applied
    }
}
