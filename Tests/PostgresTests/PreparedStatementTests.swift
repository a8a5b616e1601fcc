import Contracts
import TestSupport
import Testing

@testable import Persistence

extension ServerTests {
    /// Prepared statements save the server's time. Where they get lost, Rivet works without them.
    @Suite struct PreparedStatementTests {
        private static let insert = "INSERT INTO t VALUES ($1::bigint) ON CONFLICT DO NOTHING"
        private static let known = "SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements"

        private static func insert(_ number: Int) -> PostgresStatement {
            PostgresStatement(insert, [String(number)])
        }

        private func numbers(_ connection: PostgresConnection) async throws -> [Int64?] {
            try await connection.run("SELECT n FROM t ORDER BY n").rows.map { $0.integer(0) }
        }

        @Test func `A prepared statement: parsed once`() async throws {
            let connection = try await Server.freshDatabase()
            try await connection.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
            await connection.prepare([Self.insert])
            for number in 0..<3 { #expect(try await connection.run(Self.insert(number)).affectedRows == 1) }
            _ = try await connection.submit([Self.insert(3), Self.insert(4)]).value.get()
            let rows = try await connection.run(Self.known).rows
            #expect(rows.map { $0.columns } == [[Self.insert, "5"]])
            #expect(try await numbers(connection) == [0, 1, 2, 3, 4])
        }

        /// A statement that a session forgot is sent whole, once.
        @Test func `A statement that the session forgot: sent whole`() async throws {
            let connection = try await Server.freshDatabase()
            try await connection.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
            await connection.prepare([Self.insert])
            try await connection.run("DEALLOCATE ALL")
            let promises = (0..<10).map { connection.submit([Self.insert($0)]) }
            for promise in promises { #expect(try await promise.value.get()[0].affectedRows == 1) }
            #expect(try await connection.run(Self.known).rows.isEmpty)
            #expect(try await numbers(connection) == Array(0..<10))
        }

        /// A refused batch had no effect, so sending it again applies it once.
        @Test func `A batch that is sent again: takes effect once`() async throws {
            let connection = try await Server.freshDatabase()
            try await connection.run("CREATE TABLE t (n BIGINT)")
            await connection.prepare([Self.insert])
            try await connection.run("DEALLOCATE ALL")
            let whole = PostgresStatement("INSERT INTO t SELECT count(*) FROM t")
            _ = try await connection.submit([whole, Self.insert(7), whole]).value.get()
            #expect(try await numbers(connection) == [0, 2, 7])
        }

        @Test func `A name that the session knows already: no failure`() async throws {
            let connection = try await Server.freshDatabase()
            try await connection.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
            await connection.prepare([Self.insert])
            // As in a session of a pooler, in which an earlier connection prepared the same statement.
            await connection.prepare([Self.insert])
            #expect(try await connection.run(Self.insert(1)).affectedRows == 1)
            #expect(connection.end == nil)
        }

        @Test func `An error of a prepared statement: reported like any other`() async throws {
            let connection = try await Server.freshDatabase()
            try await connection.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
            let insert = "INSERT INTO t VALUES ($1::bigint)"
            await connection.prepare([insert])
            try await connection.run(insert, ["1"])
            let error = try await connection.refusal([PostgresStatement(insert, ["1"])])
            #expect(error.failure == .conflict && error.statement == 0 && error.operation == "INSERT INTO t")
            #expect(try await connection.run(insert, ["2"]).affectedRows == 1)
            #expect(try await connection.run(Self.known).rows.first?.integer(1) == 3)
        }

        /// Triggers record the prepared statements of their session, and how often each was executed.
        @Test func `A tier: prepares its frequent statements`() async throws {
            let test = try await StoreUnderTest(1)
            for store in [Migrator.Store.conversations, .machines] { try await test.databases.migrate(store) }
            for sql in [
                "CREATE TABLE seen (statement TEXT PRIMARY KEY, uses BIGINT)",
                """
                CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    INSERT INTO seen \(Self.known) ON CONFLICT (statement) DO UPDATE SET uses = excluded.uses;
                    RETURN NULL;
                END $$
                """,
                "CREATE TRIGGER a AFTER INSERT OR UPDATE ON conversation_states EXECUTE FUNCTION look()",
                "CREATE TRIGGER a AFTER INSERT OR UPDATE ON user_machines EXECUTE FUNCTION look()",
            ] { try await test.databases.run(sql) }
            let conversations = try await test.conversations()
            let machines = try await test.machines()
            try await conversations.whole()
            try await machines.whole()
            for number in 0..<3 {
                try await conversations.save("7", "step \(number)")
                try await machines.add("Press \(number)")
            }
            try await conversations.whole()
            try await machines.whole()
            let rows = try await test.databases.run("SELECT statement, uses FROM seen")
            let uses = Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0) ?? "", $0.integer(1) ?? 0) })
            let repeated = PostgresConversationTable.repeated + PostgresMachineTable.repeated
            #expect(Set(uses.keys) == Set(repeated + [LockPatience.sql]))
            for table in [PostgresConversationTable.repeated, PostgresMachineTable.repeated] {
                #expect(try #require(uses[table[0]]) >= 3, "\(table[0])")
            }
            await conversations.close()
            await machines.close()
        }
    }
}

/// A store whose tier is behind a pooler in transaction mode.
@Suite(.serialized, .enabled(if: Pooler.isInstalled, "PgBouncer is not installed"))
struct PoolerTests {
    @Test func `A tier behind a pooler: stores everything once`() async throws {
        let pooler = try Pooler(to: try TierDatabases.cluster)
        let test = try StoreUnderTest(try await TierDatabases(1, pooler: pooler))
        try await withBusySessions(test) {
            let conversations = try await test.conversations()
            let machines = try await test.machines()
            try await conversations.whole()
            try await machines.whole()
            for round in 0..<20 {
                let saved = try await conversations.save("7", "step \(round)", update: Int64(round))
                #expect(saved.placement.storedIn.first == .neon, "round \(round)")
                let machine = try await machines.add("Press \(round)")
                #expect(machine.isDurable)
            }
            #expect(try await conversations.clear("7", update: 20).placement.storedIn.first == .neon)
            // Many saves at a time are one statement, which is prepared too.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for user in 100..<200 { group.addTask { try await conversations.save("\(user)", "nickname") } }
                try await group.waitForAll()
            }
            try await conversations.whole()
            try await machines.whole()
            #expect(conversations.status.remote[0].lastError == nil)
            #expect(machines.status.remote[0].lastError == nil)
            await conversations.close()
            await machines.close()
        }
        try await test.expectEqualTiers()
        #expect(try await test.databases.machines().count == 20)
    }

    /// Makes the pooler open all its sessions before `body`: it opens another one when all are busy.
    private func withBusySessions(_ test: StoreUnderTest, _ body: () async throws -> Void) async throws {
        let url = try #require(test.databases.targets.first).target
        var connections: [PostgresConnection] = []
        for _ in 0..<3 {
            connections.append(
                try await PostgresConnection.open(url, deadline: .seconds(10)).value.get())
        }
        let sleepers = connections.map { $0.submit([PostgresStatement("SELECT pg_backend_pid(), pg_sleep(0.3)")]) }
        var sessions: Set<Int64> = []
        for sleeper in sleepers { sessions.insert(try #require(try await sleeper.value.get()[0].rows[0].integer(0))) }
        #expect(sessions.count == 2)
        // A statement that was prepared in one session is unknown in the other.
        let statement = "SELECT $1::bigint"
        for connection in connections {
            await connection.prepare([statement])
            for number in 0..<4 {
                #expect(try await connection.run(statement, [String(number)]).rows[0].integer(0) == Int64(number))
            }
        }
        try await body()
    }
}
