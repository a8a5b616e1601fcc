import Contracts
import TestSupport
import Testing

@testable import Persistence

extension ServerTests {
    /// The cost of a pull's page with many unchanged rows.
    @Suite struct PullPlanTests {
        private static let count = 100_000
        /// Above the revision of every row.
        private static let revision = Revision(rawValue: (1_795_000_000_000 + Int64(count)) << 16)

        private static let conversations = """
            INSERT INTO conversation_states (user_id, chat_id, current_step, revision, updated_at)
            SELECT i, i, 'model', (1795000000000 + i)::bigint << 16, timestamp '1970-01-01' + i * interval '1 ms'
            FROM generate_series(1, \(count)) AS i
            """
        private static let machines = """
            INSERT INTO user_machines (user_id, nickname, revision, updated_at)
            SELECT i % 1000, i, (1795000000000 + i)::bigint << 16, timestamp '1970-01-01' + i * interval '1 ms'
            FROM generate_series(1, \(count)) AS i
            """
        private static let deleted = """
            INSERT INTO deleted_user_machines (user_id, nickname, machine_id, revision, created_at, updated_at, deleted_at)
            SELECT i % 1000, i, gen_random_uuid(), (1795000000000 + i)::bigint << 16, now(), now(), now()
            FROM generate_series(1, \(count)) AS i
            """

        /// The blocks that the statement read, and its plan.
        private func explain(
            _ statement: PostgresStatement, _ connection: PostgresConnection
        ) async throws -> (blocks: Int, plan: String) {
            let sql = "EXPLAIN (ANALYZE, BUFFERS) " + statement.sql
            let plan = try await connection.run(sql, statement.parameters).rows.compactMap { $0.text(0) }
            // "Buffers: shared hit=8 read=1": the first line has the sum.
            let buffers = try #require(plan.first { $0.contains("Buffers: shared") })
            let blocks = buffers.split(separator: " ").compactMap { word in
                word.hasPrefix("hit=") || word.hasPrefix("read=") ? Int(word.split(separator: "=")[1]) : nil
            }
            return (blocks.reduce(0, +), plan.joined(separator: "\n"))
        }

        @Test func `A pull of unchanged rows: reads a few blocks`() async throws {
            let connection = try await Server.migratedDatabase()
            for table in ["conversation_states", "user_machines", "deleted_user_machines"] {
                try await connection.run("ALTER TABLE \(table) SET (autovacuum_enabled = off)")
            }
            for rows in [Self.conversations, Self.machines, Self.deleted] { try await connection.run(rows) }
            try await connection.run("ANALYZE")
            for statement in [
                PostgresConversationTable.page(after: nil, newerThan: Self.revision, limit: 1_000),
                PostgresMachineTable.page(after: nil, newerThan: Self.revision, limit: 1_000),
            ] {
                let (blocks, plan) = try await explain(statement, connection)
                #expect(blocks < 50, "\(plan)")
                #expect(plan.contains("_revision on ") && plan.contains("_foreign on "), "\(plan)")
            }
            // A row that another program changed and one that it added are found as cheaply.
            try await connection.run(
                "UPDATE user_machines SET location = 'Hall 9', updated_at = '2026-11-27' WHERE nickname = '77'")
            try await connection.run("INSERT INTO user_machines (user_id, nickname) VALUES ('7', 'Theirs')")
            let page = PostgresMachineTable.page(after: nil, newerThan: Self.revision, limit: 1_000)
            let found = PostgresMachineTable.read(try await connection.run(page), limit: 1_000)
            #expect(Set(found.records.map(\.details.nickname)) == ["77", "Theirs"])
            #expect(found.isStamped == [false, false])
            #expect(try await explain(page, connection).blocks < 60)
        }

        /// There are more than are sorted at once. Each row comes once, in the order of keys.
        @Test func `A pull of many newer rows: returns each once`() async throws {
            let connection = try await Server.migratedDatabase()
            for rows in [Self.machines, Self.deleted] { try await connection.run(rows) }
            // 5,000 of each kind.
            let since = Revision(rawValue: (1_795_000_000_000 + Int64(Self.count) - 5_000) << 16)
            for limit in [1_000, 2_000] {
                var ids: [String] = []
                var after: String?
                repeat {
                    let statement = PostgresMachineTable.page(after: after, newerThan: since, limit: limit)
                    let page = PostgresMachineTable.read(try await connection.run(statement), limit: limit)
                    ids += page.records.map(\.id)
                    after = page.next
                } while after != nil
                #expect(ids.count == 10_000 && ids == Set(ids).sorted())
            }
        }
    }
}
