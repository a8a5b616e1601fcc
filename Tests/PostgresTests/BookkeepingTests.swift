import Contracts
import Foundation
import Migrations
import TestSupport
import Testing

@testable import Persistence

extension ServerTests {
    /// The tables that record the applied migrations, and the rights to read them.
    @Suite struct BookkeepingTests {
        private static let versions =
            "SELECT string_agg(version::text, ' ' ORDER BY version) FROM rivet_schema_migrations"

        @Test func `A role with DML rights only: is enough once the schema is current`() async throws {
            let name = try await Server.database()
            let role = "dml_\(UInt64.random(in: 0...UInt64.max))"
            let owner = try await Server.connect(try Server.cluster.url(database: name))
            _ = try await EarlierSchema.upgrade(owner)
            for statement in [
                "CREATE ROLE \(role) LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
                "GRANT USAGE ON SCHEMA public TO \(role)",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \(role)",
            ] { try await owner.run(statement) }
            let url = try Server.cluster.url(database: name).replacing(
                "user=\(PostgresCluster.user)", with: "user=\(role)")
            let limited = try await Server.connect(url)
            #expect(try await EarlierSchema.upgrade(limited) == [])
            let machine = Samples.machine(Revision(number: 1))
            #expect(try await limited.run(PostgresMachineTable.put(machine)).affectedRows == 1)
            let conversation = Samples.conversation(Revision(number: 1))
            #expect(try await limited.run(PostgresConversationTable.put(conversation)).affectedRows == 1)
            // The error says how to get a migration applied that this role cannot apply.
            try await owner.run("DELETE FROM rivet_schema_migrations WHERE version = 9")
            let error = await #expect(throws: PostgresMigrationError.self) { try await EarlierSchema.upgrade(limited) }
            #expect(error?.description.contains("Have the owner of the tables run rivetctl migrate") == true)
        }

        @Test(
            arguments: [
                ["CREATE TABLE schema_migrations (version VARCHAR PRIMARY KEY)", "'20240501120000'"],
                ["CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY, dirty BOOLEAN NOT NULL)", "5, FALSE"],
                ["CREATE TABLE schema_migrations (version TEXT PRIMARY KEY, name TEXT, applied_at TIMESTAMP)", "'7'"],
            ])
        func `A table schema_migrations of another program: is left alone`(_ theirs: [String]) async throws {
            let connection = try await Server.freshDatabase()
            try await connection.run(theirs[0])
            try await connection.run("INSERT INTO schema_migrations VALUES (\(theirs[1]))")
            #expect(try await EarlierSchema.upgrade(connection) == [2, 4, 6, 8, 3, 5, 7, 9])
            #expect(try await connection.run("SELECT FROM schema_migrations").rows.count == 1)
            #expect(try await connection.run(Self.versions).rows[0].text(0) == "2 3 4 5 6 7 8 9")
        }

        @Test func `A new database: gets no table with a name that other programs use`() async throws {
            let connection = try await Server.freshDatabase()
            _ = try await EarlierSchema.upgrade(connection)
            #expect(try await connection.run("SELECT to_regclass('schema_migrations')").rows[0].text(0) == nil)
        }

        @Test func `The table of version 7: copied, and still says that the database is newer`() async throws {
            let connection = try await Server.freshDatabase()
            try await EarlierSchema.version7(connection)
            #expect(try await EarlierSchema.upgrade(connection) == [8, 9])
            #expect(try await connection.run(Self.versions).rows[0].text(0) == "2 3 4 5 6 7 8 9")
            // A Rivet of version 7 refuses a version above 7 there: "install the newer Rivet that wrote it".
            #expect(try await connection.run("SELECT max(version) FROM schema_migrations").rows[0].integer(0) == 9)
            // The visits are copied too, so that nothing is read again.
            let visits = try await connection.run(
                "SELECT host, store, mark, visit FROM rivet_store_visits ORDER BY store")
            #expect(
                visits.rows.map(\.columns) == [["0", "conversations", "11", "110"], ["0", "machines", "12", "120"]])
            #expect(try await EarlierSchema.upgrade(connection) == [])
        }

        /// It knows only `schema_migrations`, and a new database has none. So it cannot notice the newer schema, and
        /// runs its files.
        @Test func `An older Rivet in a new database: takes nothing away, and the newer one continues`() async throws {
            let connection = try await Server.freshDatabase()
            _ = try await EarlierSchema.upgrade(connection)
            try await connection.run(PostgresMachineTable.put(Samples.machine(Revision(number: 1))))
            try await connection.run(PostgresConversationTable.put(Samples.conversation(Revision(number: 1))))
            let rows = "SELECT count(*) FROM user_machines UNION ALL SELECT count(*) FROM conversation_states"
            try await EarlierSchema.version7(connection)
            #expect(try await connection.run(rows).rows.map { $0.integer(0) } == [1, 1])
            #expect(try await EarlierSchema.upgrade(connection) == [])
            let page = PostgresMachineTable.page(after: nil, newerThan: .none, limit: 10)
            #expect(PostgresMachineTable.read(try await connection.run(page), limit: 10).records.count == 1)
            try await connection.run(PostgresMachineTable.put(Samples.machine(Revision(number: 2))))
            let versions = "SELECT revision FROM user_machines"
            #expect(try await connection.run(versions).rows[0].integer(0) == Revision(number: 2).rawValue)
        }

        @Test func `A current database: read without a write`() async throws {
            let connection = try await Server.freshDatabase()
            _ = try await EarlierSchema.upgrade(connection)
            try await connection.run("SET default_transaction_read_only = on")
            #expect(try await EarlierSchema.upgrade(connection) == [])
        }

        @Test func `A script: split at the ends of statements, and nowhere else`() {
            let script = PostgresScript(
                """
                -- A comment; with 'quotes
                SELECT ';', 'it''s'; -- behind
                CREATE FUNCTION f() AS $body$ BEGIN; $1; END $body$ LANGUAGE x;
                -- Begin of what may be refused.
                SELECT 'x' \\gexec
                -- End of what may be refused.
                SELECT $1::text
                """)
            #expect(
                script.steps == [
                    .init(sql: "SELECT ';', 'it''s'"),
                    .init(sql: "CREATE FUNCTION f() AS $body$ BEGIN; $1; END $body$ LANGUAGE x"),
                    .init(sql: "SELECT 'x'", isQuery: true, isOptional: true), .init(sql: "SELECT $1::text"),
                ])
        }

        @Test func `A migration: has no DO block`() {
            for migration in Migration.all {
                for step in PostgresScript(migration.postgreSQL).steps {
                    #expect(!step.sql.hasPrefix("DO "), "\(migration.name)")
                }
            }
        }
    }
}
