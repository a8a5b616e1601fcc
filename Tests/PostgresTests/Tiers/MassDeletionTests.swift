import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// A person with SQL deletes many rows in one tier.
@Suite(.serialized, .needsPostgres)
struct MassDeletionTests {
    private static let rows = 5_000

    /// Two tiers with 5,200 machines, of which 5,000 are deleted in the first while no store runs.
    ///
    /// - Parameter isNow: whether they are deleted now by the clock of the test, so that a pull finds the tombstones.
    ///   If not, they are older than the last pull, and only the responses to writes report them.
    private func deletedTest(isNow: Bool) async throws -> StoreUnderTest {
        let test = try await StoreUnderTest(2)
        try await test.databases.migrate(.machines)
        try await test.databases.run(
            """
            INSERT INTO user_machines (user_id, nickname, created_at, updated_at)
            SELECT (n % 50)::text, 'Machine ' || n, '2026-01-01', '2026-01-01' FROM generate_series(1, \(Self.rows + 200)) AS n
            """)
        let store = try await test.machines()
        try await store.whole()
        await store.close()
        try await test.databases.run(
            "DELETE FROM user_machines WHERE id IN (SELECT id FROM user_machines ORDER BY id LIMIT \(Self.rows))")
        if isNow {
            let now = test.clock.now().advanced(by: .seconds(60))
            try await test.databases.run("UPDATE deleted_user_machines SET revision = \(Revision(at: now).rawValue)")
        }
        return test
    }

    private func live(_ test: StoreUnderTest) async throws -> [Int] {
        var counts: [Int] = []
        for index in 0...1 {
            let rows = try await test.databases.run("SELECT count(*) FROM user_machines", on: index)
            counts.append(Int(rows[0].text(0) ?? "") ?? -1)
        }
        let table = try Database(test.libraryPath)
        return counts + [Int(try table.rows("SELECT count(*) FROM user_machines")[0][0] ?? "") ?? -1]
    }

    private func held(_ store: MachineStore) async throws {
        do {
            try await eventually("the removals are deferred", within: .seconds(60)) {
                store.status.remote[0].heldRemovals == Self.rows
            }
        } catch { throw NotInTime(description: "\(error): \(store.status.summary), \(store.status.counters)") }
    }

    private func decide(_ decision: RemovalDecision, _ store: MachineStore) async throws {
        let output = try await store.decide(.init(tier: .neon, decision: decision)).get()
        #expect(output.removals == Self.rows)
        try await eventually("it is done", within: .seconds(60)) { store.status.remote[0].heldRemovals == 0 }
        try await store.whole(within: .seconds(60))
    }

    @Test func `Five thousand rows deleted with SQL: deferred over a restart, and removed when accepted`() async throws
    {
        let test = try await deletedTest(isNow: true)
        var store = try await test.machines()
        try await held(store)
        #expect(store.status.health == .degraded)
        #expect(store.status.summary.contains("5000 records") && store.status.summary.contains("rivetctl accept neon"))
        #expect(try await live(test) == [200, 5_200, 5_200])
        // A person's own deletion is not one of them. The contact with the second tier may come after that with the
        // first.
        try await eventually("the second tier is met") {
            try await store.list(user: "1").first?.storedIn.contains(.supabase) == true
        }
        let machine = try #require(try await store.list(user: "1").first)
        #expect(!machine.storedIn.contains(.neon))
        #expect(try await store.delete(.init(userID: "1", id: machine.id))().get().deleted)
        await store.close()
        store = try await test.machines()
        try await eventually("they are deferred again", within: .seconds(60)) {
            store.status.remote[0].heldRemovals > 4_900
        }
        try await eventually("the person's deletion is everywhere") { try await live(test)[1] == 5_199 }
        let output = try await store.decide(.init(tier: .neon, decision: .accept)).get()
        #expect(output.removals >= 4_999)
        try await eventually("they are removed", within: .seconds(60)) { store.status.remote[0].heldRemovals == 0 }
        try await store.whole(within: .seconds(60))
        #expect(store.status.health == .ok)
        #expect(Set(try await live(test)).isSubset(of: [199, 200]))
        // The decision applies once: later deletions wait again.
        #expect(try await store.decide(.init(tier: .neon, decision: .accept)).get().removals == 0)
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test(arguments: [true, false])
    func `Five thousand rows deleted with SQL: put back when rejected`(_ isNow: Bool) async throws {
        let test = try await deletedTest(isNow: isNow)
        let store = try await test.machines()
        try await held(store)
        try await decide(.reject, store)
        #expect(try await live(test) == [5_200, 5_200, 5_200])
        #expect(store.status.health == .ok)
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `A hundred rows deleted with SQL: removed without a decision`() async throws {
        let test = try await StoreUnderTest(2)
        try await test.databases.migrate(.machines)
        try await test.databases.run(
            """
            INSERT INTO user_machines (user_id, nickname, created_at, updated_at)
            SELECT '7', 'Machine ' || n, '2026-01-01', '2026-01-01' FROM generate_series(1, 150) AS n
            """)
        var store = try await test.machines()
        try await store.whole()
        await store.close()
        try await test.databases.run(
            "DELETE FROM user_machines WHERE id IN (SELECT id FROM user_machines ORDER BY id LIMIT 100)")
        store = try await test.machines()
        try await eventually("they are removed") {
            try await store.list(.init(userID: "7"))().get().total == 50
        }
        try await store.whole()
        #expect(try await live(test) == [50, 50, 50])
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `A decision for a tier that is not configured: is refused, and names those that are`() async throws {
        let test = try await StoreUnderTest(1)
        let store = try await test.machines()
        let error = await #expect(throws: RPCError.self) {
            try await store.decide(.init(tier: .railway, decision: .accept)).get()
        }
        #expect(error?.code == .invalidArgument && error?.message.contains("neon") == true)
        await store.close()
    }
}
