import Contracts
import TestSupport
import Testing

@testable import Persistence

/// A COMMIT that reports success and is none.
@Suite(.serialized, .needsPostgres)
struct CommitTests {
    /// A server whose commits wait for a standby that does not exist, once `waitForStandby` was called.
    private func databases() async throws -> TierDatabases {
        let cluster = try PostgresCluster(settings: "synchronous_standby_names = 'absent'")
        return try await TierDatabases(1, clusters: [cluster])
    }

    /// A new session shows the setting once every other session has it.
    private func waitForStandby(_ databases: TierDatabases) async throws {
        try await databases.administer("ALTER SYSTEM SET synchronous_commit = 'on'")
        try await databases.administer("SELECT pg_reload_conf()")
        try await eventually("commits wait for the standby") {
            try await databases.run("SHOW synchronous_commit")[0].text(0) == "on"
        }
    }

    private func waitForStandbyNoMore(_ databases: TierDatabases) async throws {
        try await databases.administer("ALTER SYSTEM SET synchronous_standby_names = ''")
        try await databases.administer("SELECT pg_reload_conf()")
    }

    /// As an administrator does when a session hangs. Only the wait ends; the local commit stays.
    private func cancelTheWait(_ databases: TierDatabases) async throws {
        try await eventually("a commit waits for the standby") {
            try await !databases.run(
                """
                SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event = 'SyncRep'
                """
            ).isEmpty
        }
    }

    @Test func `A commit that a standby has not confirmed: not in stored_in, and owed until it has`() async throws {
        let test = try StoreUnderTest(try await databases())
        let store = try await test.conversations(deadline: .seconds(20))
        try await store.save("7", "nickname")
        try await store.whole()
        try await waitForStandby(test.databases)
        async let saving = store.save("7", "model")
        try await cancelTheWait(test.databases)
        let saved = try await saving
        #expect(saved.placement == Placement([.sqlite, .memory]))
        // The row is stored, and would be lost with this server.
        #expect(try await test.databases.conversations()[0].step == "model")
        #expect(store.status.remote[0].pending == 1)
        try await waitForStandbyNoMore(test.databases)
        try await store.whole()
        #expect(try await store.load("7")?.storedIn == [.neon, .sqlite, .memory])
        await store.close()
    }

    @Test func `A warning of the server at a commit: the outcome is unknown`() async throws {
        let databases = try await databases()
        let connection = try await databases.sql()
        try await connection.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
        try await waitForStandby(databases)
        let promise = connection.submit([PostgresStatement("INSERT INTO t VALUES (1)")], deadline: .seconds(20))
        try await cancelTheWait(databases)
        guard case .failure(let error) = await promise.value else { throw Unexpected() }
        #expect(error.outcome == .outcomeUnknown && error.cause == .commitUnconfirmed)
        #expect(error.sqlState?.code == "01000")
        // The warning concerns only that batch.
        #expect(try await connection.run("SELECT n FROM t").rows.count == 1)
        try await waitForStandbyNoMore(databases)
    }

    /// Other programs' triggers may warn of anything, and the row is stored.
    @Test func `A warning that a trigger raises: no reason to doubt the commit`() async throws {
        let test = try await StoreUnderTest()
        try await test.databases.migrate(.conversations)
        try await test.databases.run(
            """
            CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                RAISE WARNING 'not during working hours';
                RETURN NEW;
            END $$
            """)
        try await test.databases.run(
            "CREATE TRIGGER a BEFORE INSERT ON conversation_states FOR EACH ROW EXECUTE FUNCTION warn()")
        let store = try await test.conversations()
        try await store.whole()
        #expect(try await store.save("7", "model").placement.storedIn.contains(.neon))
        await store.close()
        try await test.expectEqualTiers()
    }

    /// The end of a batch does not end a transaction that began before it, so the batch may still be rolled back.
    @Test func `A batch within another transaction: not committed, and the connection ends`() async throws {
        let databases = try await TierDatabases(1)
        let connection = try await databases.sql()
        try await connection.run("CREATE TABLE t (n BIGINT PRIMARY KEY)")
        let error = try await connection.refusal([PostgresStatement("BEGIN")])
        #expect(error.outcome == .outcomeUnknown && error.cause == .sessionLost)
        let late = try await connection.refusal([PostgresStatement("INSERT INTO t VALUES (1)")])
        #expect(late.outcome == .notSent)
        #expect(try await databases.run("SELECT n FROM t").isEmpty)
    }
}
