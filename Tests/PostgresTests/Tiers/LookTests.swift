import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// While the store is in use, it looks for rows that others write in a tier. When it is not, the tier may sleep.
@Suite(.serialized, .needsPostgres)
struct LookTests {
    private static func quick(_ policy: inout TierPolicy) {
        policy.lookInterval = .milliseconds(200)
        policy.lookSpell = .seconds(1)
    }

    /// Waits until the store's session has done nothing for some seconds: two are ten looks.
    private func quiet(_ test: StoreUnderTest, for seconds: Int = 2) async throws {
        let connection = try await Server.connect(test.databases.clusters[0].url())
        defer { connection.close() }
        try await eventually("the tier is left alone") {
            let rows = try await connection.run(
                """
                SELECT count(*) FROM pg_stat_activity WHERE datname = '\(test.databases.names[0])'
                    AND state = 'idle' AND clock_timestamp() - state_change > interval '\(seconds) seconds'
                """
            ).rows
            return rows.first?.text(0) == "1"
        }
    }

    private func insert(_ nickname: String, into test: StoreUnderTest) async throws {
        try await test.databases.run("INSERT INTO user_machines (user_id, nickname) VALUES ('7', '\(nickname)')")
    }

    @Test func `Rows of another program: imported while the store is in use, and then the tier may sleep`() async throws
    {
        let test = try await StoreUnderTest(1)
        let store = try await test.machines(change: Self.quick)
        try await store.add("Pump")
        try await store.whole()
        try await insert("Valve", into: test)
        // Reading the status counts as no use of the store.
        try await eventually("the row is imported") { store.status.counters["rows.adopted"] == 1 }
        try await quiet(test)
        try await insert("Fan", into: test)
        #expect(store.status.counters["rows.adopted"] == 1)
        _ = try await store.list()
        try await eventually("the other row is imported") { store.status.counters["rows.adopted"] == 2 }
        #expect(try await store.list().count == 3)
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `A call that memory answers: counts as use, with the next sign of life`() async throws {
        let test = try await StoreUnderTest(1)
        let store = try await test.conversations(change: Self.quick)
        try await store.save("7", "model")
        try await store.whole()
        try await quiet(test)
        try await test.databases.run("UPDATE conversation_states SET current_step = 'notes'")
        // A timer's sweep counts as no use.
        #expect(try await store.sweep().get() == 0)
        // Longer than before, since two of these seconds had passed before the sweep.
        try await quiet(test, for: 6)
        #expect(store.status.counters["rows.adopted"] ?? 0 == 0)
        let key = ConversationKey(userID: "7", chatID: "7")
        #expect(store.loadFromMemory(StateLoad.Params(key: key))?.state?.step == "model")
        await store.pulse()
        try await eventually("the change is imported") { store.status.counters["rows.adopted"] == 1 }
        await store.close()
    }
}
