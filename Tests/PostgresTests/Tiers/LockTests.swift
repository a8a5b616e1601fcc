import Contracts
import TestSupport
import Testing

@testable import Persistence

/// Rows that another program keeps locked, and statements that outlast their deadline.
@Suite(.serialized, .needsPostgres)
struct LockTests {
    /// Locks the row of a user until `unlock`.
    private func lock(
        _ user: String, _ databases: TierDatabases
    ) async throws -> (connection: PostgresConnection, end: Promise<PostgresConnection.Outcome>) {
        let connection = try await databases.sql()
        let end: Promise<PostgresConnection.Outcome> = connection.submit(
            [
                PostgresStatement("UPDATE conversation_states SET closed = closed WHERE user_id = $1", [user]),
                PostgresStatement("SELECT pg_sleep(120)"),
            ], deadline: .seconds(130))
        try await eventually("the row is locked") { try await count("wait_event = 'PgSleep'", databases) == 1 }
        return (connection, end)
    }

    private func count(_ condition: String, _ databases: TierDatabases) async throws -> Int64 {
        try await databases.run(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND state = 'active' AND \(condition)
            """)[0].integer(0) ?? 0
    }

    private func unlock(_ databases: TierDatabases) async throws {
        try await databases.run(
            "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    }

    @Test func `A locked row: the other saves are stored, and the tier stays up`() async throws {
        let test = try await StoreUnderTest()
        let store = try await test.conversations(deadline: .seconds(2))
        for user in 0..<10 { try await store.save("\(user)", "nickname") }
        try await store.whole()
        let locker = try await lock("7", test.databases)
        #expect(try await store.save("7", "model").placement == Placement([.sqlite, .memory]))
        var waitingMax: Int64 = 0
        for number in 0..<100 {
            let placement = try await store.save("\(number % 7)", "step \(number)").placement
            #expect(placement.storedIn.contains(.neon), "save \(number)")
            waitingMax = max(waitingMax, try await count("wait_event_type = 'Lock'", test.databases))
            #expect(store.state(of: .neon) == .up)
        }
        #expect(waitingMax <= 1)
        #expect(store.status.remote[0].pending == 1 && !store.status.remote[0].isAway)
        try await unlock(test.databases)
        _ = await locker.end.value
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `Debts with a locked row among them: all others are paid`() async throws {
        let test = try await StoreUnderTest()
        let store = try await test.conversations(deadline: .milliseconds(750))
        for user in 0..<40 { try await store.save("\(user)", "nickname") }
        try await store.whole()
        test.databases.set(.refuse)
        for user in 0..<40 { try await store.save("\(user)", "model") }
        let locker = try await lock("7", test.databases)
        test.databases.set(.pass)
        try await eventually("all but one are paid") {
            let waiting = try await count("wait_event_type = 'Lock'", test.databases)
            #expect(waiting <= 1)
            return store.status.remote[0].pending == 1
        }
        #expect(try await test.databases.conversations().count { $0.step == "model" } == 39)
        try await unlock(test.databases)
        _ = await locker.end.value
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    /// A server does not notice that the client no longer waits for its response.
    @Test(arguments: [false, true])
    func `A statement that is no longer awaited: cancelled by the server`(_ isGivenUp: Bool) async throws {
        let databases = try await TierDatabases(1)
        let target = databases.targets[0].target
        let connection = try await PostgresConnection.open(target, deadline: .seconds(10)).value.get()
        let deadline = isGivenUp ? Duration.seconds(60) : .seconds(1)
        let sleep: Promise<PostgresConnection.Outcome> = connection.submit(
            [PostgresStatement("SELECT pg_sleep(60)")], deadline: deadline)
        try await eventually("it is under way") { try await count("wait_event = 'PgSleep'", databases) == 1 }
        if isGivenUp { connection.giveUp() }
        guard case .failure(let error) = await sleep.value else { throw Unexpected() }
        #expect(error.outcome == .outcomeUnknown && error.cause == .timedOut)
        try await eventually("it is broken off", within: .seconds(20)) {
            try await count("wait_event = 'PgSleep'", databases) == 0
        }
    }
}
