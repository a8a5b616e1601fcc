import Contracts
import Migrations
import Persistence
import TestSupport
import Testing

extension ServerTests {
    @Suite struct MigratorTests {
        private static let stores = [
            (Migrator.Store.conversations, Migration.Store.conversations), (.machines, .machines),
        ]

        @Test func `Every migration file: can run twice`() async throws {
            let connection = try await Server.freshDatabase()
            for (store, files) in Self.stores {
                let migrator = PostgresMigrator(store: store)
                let versions = Migration.all(of: files).map(\.version)
                #expect(try await migrator.migrate(connection) == versions)
                #expect(try await migrator.migrate(connection) == [])
                try await connection.run("DELETE FROM rivet_schema_migrations")
                #expect(try await migrator.migrate(connection) == versions)
            }
        }

        @Test func `A newer database: refused and left untouched`() async throws {
            let connection = try await Server.freshDatabase()
            _ = try await PostgresMigrator(store: .conversations).migrate(connection)
            try await connection.run("INSERT INTO rivet_schema_migrations(version, name) VALUES (999, 'later')")
            let error = await #expect(throws: PostgresMigrationError.self) {
                try await PostgresMigrator(store: .machines).migrate(connection)
            }
            #expect("\(try #require(error))".contains("has schema version 999"))
            #expect(try await connection.run("SELECT to_regclass('user_machines')").rows[0].text(0) == nil)
        }

        @Test func `A failed migration: rolled back`() async throws {
            let connection = try await Server.freshDatabase()
            try await connection.run("CREATE TABLE conversation_states (user_id TEXT)")
            let error = await #expect(throws: PostgresMigrationError.self) {
                try await PostgresMigrator(store: .conversations).migrate(connection)
            }
            guard case .failed(version: 2, _)? = error else { throw Unexpected() }
            #expect(try await connection.run("SELECT version FROM rivet_schema_migrations").rows.isEmpty)
            #expect(try await connection.run("SELECT FROM pg_class WHERE relname LIKE 'idx_conv%'").rows.isEmpty)
        }

        @Test func `Programs that migrate at the same time: run one after another`() async throws {
            let url = try Server.cluster.url(database: try await Server.database())
            let applied = try await withThrowingTaskGroup(of: [Int64].self) { group in
                for number in 0..<6 {
                    group.addTask {
                        let connection = try await Server.connect(url)
                        return try await PostgresMigrator(store: number < 3 ? .conversations : .machines).migrate(
                            connection)
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(applied) == [2, 3, 4, 5, 6, 7, 8, 9])
            let connection = try await Server.connect(url)
            #expect(
                try await connection.run("SELECT version FROM rivet_schema_migrations ORDER BY 1").rows.map {
                    $0.integer(0)
                }
                    == [2, 3, 4, 5, 6, 7, 8, 9])
        }

        /// A database with the earlier bot's tables and rows: open conversations resume, machines are there.
        @Test func `A database of the earlier bot: upgraded in place`() async throws {
            let connection = try await Server.freshDatabase()
            for store in Migration.Store.allCases {
                try await runFile(Migration.all(of: store)[0].postgreSQL, connection)
            }
            try await connection.run(
                """
                INSERT INTO conversation_states
                    (user_id, chat_id, current_step, state_data, started_at, updated_at, expires_at)
                VALUES ('7', '7', 'model', '{"nickname":"Pump","own":1.50}', '2026-11-22 09:00:00',
                    '2026-11-22 09:30:00.999999', '2026-11-23 09:30:00')
                """)
            try await connection.run(
                """
                INSERT INTO user_machines (user_id, nickname, location, ocr_data, created_at, updated_at)
                VALUES ('7', 'Pump', 'Hall 3', '{"a": [1]}', '2026-11-22 09:00:00', NULL),
                    ('7', 'PUMP', NULL, NULL, NULL, 'infinity')
                """)
            for (store, _) in Self.stores { _ = try await PostgresMigrator(store: store).migrate(connection) }

            let key = ConversationKey(userID: "7", chatID: "7")
            let rows = PostgresConversationTable.read(
                try await connection.run(PostgresConversationTable.get(key)), limit: 1)
            let record = try #require(rows.records.first)
            #expect(record.step == "model" && record.data["nickname"] == "Pump")
            #expect(record.data["own"]?.text == "1.50")
            #expect(record.updatedAt == Timestamp(parsing: "2026-11-22 09:30:00.999"))
            #expect(record.revision == Revision(at: record.updatedAt))
            #expect(record.isOpen(at: try #require(Timestamp(parsing: "2026-11-22 10:00:00"))))

            let page = PostgresMachineTable.read(
                try await connection.run(PostgresMachineTable.page(after: nil, newerThan: .none, limit: 10)), limit: 10)
            #expect(page.next == nil && page.unreadable.isEmpty)
            #expect(Set(page.records.map(\.details.nickname)) == ["Pump", "PUMP"])
            let pump = try #require(page.records.first { $0.details.nickname == "Pump" })
            #expect(pump.updatedAt == Timestamp(parsing: "2026-11-22 09:00:00") && pump.details.ocrData == ["a": [1]])
            #expect(page.records.allSatisfy { $0.key.count == 36 })
        }

        private func runFile(_ sql: String, _ connection: PostgresConnection) async throws {
            try await connection.run("DO $test$ BEGIN EXECUTE $file$\(sql)$file$; END $test$")
        }
    }
}
