import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// The first written requirements of the store, line by line.
@Suite(.serialized, .needsPostgres)
struct ChecklistTests {
    @Test func `A save: persists to PostgreSQL`() async throws {
        let test = try await StoreUnderTest()
        let store = try await test.conversations()
        let saved = try await store.save("7", "model", ["nickname": "Pump 🔧", "photo_file_id": .null], update: 1)
        #expect(saved.placement == Placement([.neon, .sqlite, .memory]))
        let row = try #require(
            try await test.databases.run(
                """
                SELECT current_step, state_data->>'nickname', revision, expires_at - updated_at = INTERVAL '24 hours'
                FROM conversation_states WHERE user_id = '7' AND chat_id = '7' AND conversation_type = 'add_machine'
                """
            ).first)
        #expect(row.columns == ["model", "Pump 🔧", "\(saved.revision.rawValue)", "t"])
        await store.close()
    }

    /// In each way of failing: at once, at the deadline, or with a lost connection.
    @Test(arguments: [FaultProxy.Behaviour.refuse, .blackhole, .holdAnswers, .cutBeforeAnswer])
    func `A save: falls back to SQLite when PostgreSQL fails`(_ failure: FaultProxy.Behaviour) async throws {
        let test = try await StoreUnderTest()
        let store = try await test.conversations(deadline: .milliseconds(300))
        try await store.whole()
        test.databases.set(failure)
        let saved = try await store.save("7", "model", ["nickname": "Pump"])
        #expect(saved.placement == Placement([.sqlite, .memory]))
        #expect(try await store.load("7")?.step == "model")
        #expect(store.status.isUp && store.status.remote[0].pending == 1)
        test.databases.set(.pass)
        try await store.whole()
        #expect(try await store.load("7")?.storedIn == [.neon, .sqlite, .memory])
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `A load: retrieves from PostgreSQL`() async throws {
        let test = try await StoreUnderTest()
        var store = try await test.conversations()
        try await store.save("7", "model", ["nickname": "Pump"], update: 5)
        await store.close()
        // Another disk, which is empty.
        store = try await test.conversations(at: test.directory.path + "/other.db")
        let state = try #require(try await store.load("7"))
        #expect(state.step == "model" && state.data == ["nickname": "Pump"] && state.updateID == 5)
        #expect(state.storedIn.contains(.neon) && state.storedIn.contains(.sqlite))
        await store.close()
    }

    @Test func `A load: falls back to SQLite when PostgreSQL fails`() async throws {
        let test = try await StoreUnderTest()
        var store = try await test.conversations()
        try await store.save("7", "model")
        await store.close()
        test.databases.set(.refuse)
        store = try await test.conversations()
        let state = try #require(try await store.load("7"))
        #expect(state.step == "model" && state.storedIn.contains(.sqlite))
        try await store.lost(.neon)
        await store.close()
    }

    @Test func `A load: uses memory when both fail`() async throws {
        let test = try await StoreUnderTest()
        guard let disk = SmallDisk(bytes: 1 << 20, at: test.directory.path + "/disk") else { return }
        let store = try await test.conversations(at: disk.path + "/state.db", deadline: .milliseconds(300))
        test.databases.set(.refuse)
        disk.fill()
        try await store.fillUp()
        let saved = try await store.save("7", "model", ["nickname": "Pump"])
        #expect(saved.placement == Placement(storedIn: [.memory], isDurable: false))
        let state = try #require(try await store.load("7"))
        #expect(state.step == "model" && state.data == ["nickname": "Pump"] && state.storedIn == [.memory])
        #expect(store.status.isMemoryOnly && store.status.lastError?.contains("full") == true)
        disk.free()
        test.databases.set(.pass)
        try await store.whole()
        #expect(try await store.load("7")?.storedIn == [.neon, .sqlite, .memory])
        #expect(try await test.databases.conversations().contains { $0.step == "model" })
        await store.close()
    }

    @Test func `A clear: removes from all tiers`() async throws {
        let test = try await StoreUnderTest(3)
        let store = try await test.conversations()
        try await store.save("7", "notes", ["nickname": "Pump"])
        try await store.whole()
        let cleared = try await store.clear("7", update: 9)
        #expect(cleared.cleared && cleared.placement.isDurable)
        try await store.whole()
        #expect(try await store.load("7") == nil)
        for index in 0..<3 {
            let row = try #require(
                try await test.databases.run(
                    "SELECT closed, state_data, expires_at <= updated_at FROM conversation_states", on: index
                ).first)
            #expect(row.columns == ["t", "{}", "t"])
        }
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `A cleanup: removes expired conversations from all tiers`() async throws {
        let test = try await StoreUnderTest(2)
        let store = try await test.conversations()
        try await store.save("silent", "model", ["nickname": "Pump"])
        test.clock.advance(.seconds(86_399))
        try await store.save("talking", "serial")
        #expect(try await store.sweep().get() == 0)
        #expect(try await store.load("silent") != nil)
        test.clock.advance(.seconds(1))
        #expect(try await store.load("silent") == nil)
        #expect(try await store.sweep().get() == 1)
        try await store.whole()
        for index in 0..<2 {
            let rows = try await test.databases.run(
                "SELECT user_id, closed, last_clear->>'reason' FROM conversation_states ORDER BY user_id", on: index)
            #expect(rows.map(\.columns) == [["silent", "t", "expired"], ["talking", "f", nil]])
        }
        // A new conversation replaces the tombstone.
        try await store.save("silent", "nickname")
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `A duplicate nickname: detected`() async throws {
        let test = try await StoreUnderTest()
        var store = try await test.machines()
        try await store.add("Main compressor")
        for isKnownFromPostgreSQL in [false, true] {
            if isKnownFromPostgreSQL {
                await store.close()
                store = try await test.machines(at: test.directory.path + "/other.db")
            }
            let error = await #expect(throws: RPCError.self) { try await store.add("MAIN Compressor") }
            #expect(error?.code == .duplicateNickname && error?.suggestion == "MAIN Compressor (2)")
        }
        try await store.add("Main compressor", user: "8")
        try await store.whole()
        #expect(try await test.databases.machines().count == 2)
        await store.close()
    }

    /// The first contact fails, and the service still starts and serves.
    @Test(arguments: [FaultProxy.Behaviour.refuse, .blackhole])
    func `A start while neon refuses or is silent: serves from SQLite`(_ failure: FaultProxy.Behaviour) async throws {
        let test = try await StoreUnderTest()
        // With rows on the disk, a start waits for no tier.
        let local = try await ConversationStore(
            path: test.statePath, memoryLimit: 1 << 20, timeToLive: .seconds(86_400), now: test.clock.now)
        try await local.save("6", "model")
        await local.close()
        test.databases.set(failure)
        let start = ContinuousClock.now
        let store = try await test.conversations(deadline: .milliseconds(300))
        for step in ["nickname", "manufacturer", "model"] {
            #expect(try await store.save("7", step).placement == Placement([.sqlite, .memory]))
        }
        #expect(.now - start < .seconds(3))
        #expect(store.state(of: .neon) != .up)
        test.databases.set(.pass)
        test.databases.proxies[0].reset()
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    /// Memory keeps its bound, and the disk has what memory forgets.
    @Test func `A memory that grows too large: forgets the oldest`() async throws {
        let test = try await StoreUnderTest()
        let limit = 64 << 10
        let store = try await ConversationStore(
            path: test.statePath, memoryLimit: limit, timeToLive: .seconds(86_400), now: test.clock.now,
            remote: RemoteTiers(test.databases.targets))
        for user in 0..<200 {
            try await store.save("\(user)", "model", ["notes": .string(Samples.repeating("x", 1_000))])
        }
        #expect(try await store.save("last", "model").placement.storedIn.contains(.memory))
        let first = StateLoad.Params(key: ConversationKey(userID: "0", chatID: "0"))
        #expect(store.loadFromMemory(first) == nil)
        #expect(try await store.load("0")?.step == "model")
        #expect(store.loadFromMemory(first) != nil)
        await store.close()
        try await test.expectEqualTiers()
    }
}
