import Contracts
import Migrations
import TestSupport
import Testing

@testable import Persistence

extension ServerTests {
    /// Keys lead with the user, and every index has a use.
    @Suite struct KeyTests {
        private static let rows = [
            """
            INSERT INTO conversation_states (user_id, chat_id, current_step, revision, updated_at)
            SELECT i, i, 'model', (1795000000000 + i)::bigint << 16, '2026-11-18' FROM generate_series(1, 50) AS i
            """,
            """
            INSERT INTO user_machines (user_id, nickname, request_id, revision, nickname_key, updated_at)
            SELECT i % 7, 'Pump ' || i, gen_random_uuid(), (1795000000000 + i)::bigint << 16, 'pump ' || i, '2026-11-18'
            FROM generate_series(1, 50) AS i
            """,
            """
            INSERT INTO deleted_user_machines
                (user_id, nickname, machine_id, request_id, revision, created_at, updated_at, deleted_at)
            SELECT 7, 'Valve ' || i, gen_random_uuid(), gen_random_uuid(), 9, now(), now(), now()
            FROM generate_series(1, 50) AS i
            """,
        ]

        /// Unique indexes of the tables with people's rows, whose first column is not the user.
        private static let strayKeys = """
            SELECT index.indexrelid::regclass::text FROM pg_index AS index
            JOIN pg_attribute AS first ON first.attrelid = index.indrelid AND first.attnum = index.indkey[0]
            WHERE index.indrelid IN ('conversation_states'::regclass, 'user_machines'::regclass,
                'deleted_user_machines'::regclass) AND index.indisunique AND first.attname <> 'user_id'
            """

        @Test(arguments: [false, true])
        func `Every primary key and unique index: leads with user_id`(_ isUpgrade: Bool) async throws {
            let connection = try await Server.freshDatabase()
            if isUpgrade { try await EarlierSchema.version7(connection, rows: Self.rows) }
            _ = try await EarlierSchema.upgrade(connection)
            #expect(try await connection.run(Self.strayKeys).rows.map { $0.text(0) } == [])
            let primary = try await connection.run(
                """
                SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
                WHERE contype = 'p' AND conrelid::regclass::text LIKE '%user_machines' OR conname = 'conversation_states_pkey'
                ORDER BY 1
                """)
            #expect(
                primary.rows.map(\.columns) == [
                    ["conversation_states", "PRIMARY KEY (user_id, id)"],
                    ["deleted_user_machines", "PRIMARY KEY (user_id, machine_id)"],
                    ["user_machines", "PRIMARY KEY (user_id, id)"],
                ])
            guard isUpgrade else { return }
            for table in ["conversation_states", "user_machines", "deleted_user_machines"] {
                #expect(try await connection.run("SELECT count(*) FROM \(table)").rows[0].integer(0) == 50)
            }
        }

        @Test func `An index that no statement uses: gone, and those of 002 and 003 stay`() async throws {
            let connection = try await Server.freshDatabase()
            try await EarlierSchema.version7(connection)
            _ = try await EarlierSchema.upgrade(connection)
            let names = try await connection.run(
                "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
            ).rows.compactMap { $0.text(0) }
            for name in ["open_expires", "open_type", "newest", "nickname_key"] {
                #expect(!names.contains { $0.hasSuffix("_" + name) }, "\(names)")
            }
            for name in [
                "idx_conversation_states_user", "idx_conversation_states_expires", "idx_user_machines_user",
                "idx_user_machines_nickname", "conversation_states_user_id_chat_id_conversation_type_key",
            ] { #expect(names.contains(name), "\(names)") }
        }

        /// A foreign key of another table, Rivet's or another program's, if we may change it.
        @Test func `A table that references id: still does, and a UNIQUE stays for it`() async throws {
            let connection = try await Server.freshDatabase()
            try await EarlierSchema.version7(
                connection,
                rows: Self.rows + [
                    """
                    CREATE TABLE note (
                        machine INT REFERENCES user_machines(id), state INT REFERENCES conversation_states(id) ON DELETE CASCADE)
                    """,
                    "INSERT INTO note SELECT id, id FROM user_machines",
                ])
            #expect(try await EarlierSchema.upgrade(connection) == [8, 9])
            #expect(
                try await connection.run(Self.strayKeys).rows.map { $0.text(0) ?? "" }.sorted() == [
                    "conversation_states_id_key", "user_machines_id_key",
                ])
            #expect(try await connection.run("SELECT FROM note").rows.count == 50)
            let error = try await connection.refusal([PostgresStatement("INSERT INTO note VALUES (999, NULL)")])
            #expect(error.sqlState?.code == "23503")
            try await connection.run("DELETE FROM conversation_states WHERE id = 3")
            #expect(try await connection.run("SELECT FROM note").rows.count == 49)
        }

        @Test func `A table of another owner that references id: keeps the primary key as it was`() async throws {
            let name = try await Server.database()
            let admin = try await Server.connect(try Server.cluster.url(database: name))
            let role = "owner_\(UInt64.random(in: 0...UInt64.max))"
            for statement in ["CREATE ROLE \(role) LOGIN", "GRANT CREATE, USAGE ON SCHEMA public TO \(role)"] {
                try await admin.run(statement)
            }
            let url = try Server.cluster.url(database: name).replacing(
                "user=\(PostgresCluster.user)", with: "user=\(role)")
            let connection = try await Server.connect(url)
            try await EarlierSchema.version7(connection, rows: Self.rows)
            try await admin.run("CREATE TABLE note (machine INT REFERENCES user_machines(id))")
            #expect(try await EarlierSchema.upgrade(connection) == [8, 9])
            #expect(
                try await connection.run(
                    "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'user_machines_pkey'"
                ).rows[0].text(0) == "PRIMARY KEY (id)")
            #expect(try await connection.run(Self.strayKeys).rows.map { $0.text(0) } == ["user_machines_pkey"])
        }

        /// The statements of `MISSION.md` and of the earlier bot.
        @Test func `The earlier bot's statements: still work`() async throws {
            let connection = try await Server.freshDatabase()
            try await EarlierSchema.version7(connection)
            _ = try await EarlierSchema.upgrade(connection)
            let save = """
                INSERT INTO conversation_states (user_id, chat_id, conversation_type, current_step, state_data, updated_at)
                VALUES ('7', '7', 'add_machine', $1, '{"nickname": "Pump"}', NOW())
                ON CONFLICT (user_id, chat_id, conversation_type) DO UPDATE SET current_step = EXCLUDED.current_step,
                    state_data = EXCLUDED.state_data, updated_at = NOW(), expires_at = NOW() + INTERVAL '24 hours'
                """
            for step in ["model", "serial"] {
                #expect(try await connection.run(save, [step]).affectedRows == 1)
            }
            let load = """
                SELECT current_step FROM conversation_states WHERE user_id = '7' AND chat_id = '7'
                    AND conversation_type = 'add_machine' AND expires_at > NOW()
                """
            #expect(try await connection.run(load).rows.map { $0.text(0) } == ["serial"])
            let add = "INSERT INTO user_machines (user_id, nickname) VALUES ('7', 'Pump') RETURNING id"
            #expect(try await connection.run(add).rows.count == 1)
            #expect(try await connection.refusal([PostgresStatement(add)]).sqlState?.code == "23505")
            #expect(
                try await connection.run("DELETE FROM conversation_states WHERE user_id = '7' AND chat_id = '7'")
                    .affectedRows == 1)
            #expect(try await connection.run(load).rows.isEmpty)
        }
    }
}
