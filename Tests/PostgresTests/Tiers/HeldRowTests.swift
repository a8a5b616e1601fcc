import Contracts
import TestSupport
import Testing

@testable import Persistence

/// The store asks a tier what it has, and does not conclude it from a statement's success.
@Suite(.serialized, .needsPostgres)
struct HeldRowTests {
    /// A session in another time zone writes `now()` into a column without one. Without a trigger, its row is hours
    /// ahead.
    private func change(_ table: String, _ change: String, in test: StoreUnderTest) async throws {
        try await test.databases.run("ALTER TABLE \(table) DISABLE TRIGGER USER")
        try await test.databases.run(
            "UPDATE \(table) SET \(change), updated_at = '2027-01-15 17:00:00' WHERE user_id = '7'")
    }

    @Test func `A save over a row that is ahead: not confirmed, and the row is imported at once`() async throws {
        let test = try await StoreUnderTest()
        var store = try await test.conversations()
        try await store.save("7", "nickname")
        try await store.whole()
        try await change("conversation_states", "current_step = 'theirs'", in: test)
        let lost = try await store.save("7", "model")
        #expect(lost.placement == Placement([.sqlite, .memory]))
        try await eventually("the row is imported") { try await store.load("7")?.step == "theirs" }
        #expect(store.status.counters["rows.overtaken"] == 1)
        // From now on, new input is decided over it.
        let saved = try await store.save("7", "serial", ["serial": "SN-1"])
        #expect(saved.placement.storedIn.contains(.neon))
        try await store.whole()
        await store.close()
        store = try await test.conversations()
        #expect(try await store.load("7")?.data == ["serial": "SN-1"])
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `A row that is ahead while the disk is away: the save is not durable`() async throws {
        let test = try await StoreUnderTest()
        guard let disk = SmallDisk(bytes: 2 << 20, at: test.directory.path + "/disk") else { return }
        let store = try await test.conversations(at: disk.path + "/state.db")
        try await store.save("7", "nickname")
        try await store.whole()
        disk.fill()
        try await store.fillUp()
        #expect(try await store.save("8", "model").placement.storedIn.contains(.neon))
        try await change("conversation_states", "current_step = 'theirs'", in: test)
        let saved = try await store.save("7", "model")
        #expect(saved.placement == Placement(storedIn: [.memory], isDurable: false))
        // A repeated save is decided over the row that was found there.
        try await eventually("the row is imported") { try await store.load("7")?.step == "theirs" }
        #expect(try await store.save("7", "model").placement.storedIn.contains(.neon))
        disk.free()
        try await store.whole()
        await store.close()
    }

    @Test func `A machine's row that is ahead: neither a change nor a deletion of it is confirmed`() async throws {
        let test = try await StoreUnderTest()
        let store = try await test.machines()
        let added = [try await store.add("Pump"), try await store.add("Mill")].map(\.machine)
        try await store.whole()
        try await change("user_machines", "location = 'Hall 9'", in: test)
        let changed = try await store.update(
            .init(
                reference: .init(userID: "7", id: added[0].id), expectedRevision: added[0].revision,
                changes: .init(texts: [.notes: "ours"])))().get()
        #expect(!changed.machine.storedIn.contains(.neon) && changed.isDurable)
        try await eventually("the row is imported") {
            try await store.list().first { $0.id == added[0].id }?.details.texts[.location] == "Hall 9"
        }
        _ = try await store.delete(.init(userID: "7", id: added[1].id))().get()
        try await eventually("the row is imported") { try await store.list().count == 2 }
        #expect(store.status.counters["rows.overtaken"] == 2)
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    /// A trigger drops the row, and the statement still succeeds.
    @Test func `A row that the database swallows: not in stored_in, still owed, and health says so`() async throws {
        let test = try await StoreUnderTest()
        try await test.databases.migrate(.conversations)
        try await test.databases.run(
            """
            CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.user_id = '7' THEN RETURN NULL; END IF;
                RETURN NEW;
            END $$
            """)
        try await test.databases.run(
            "CREATE TRIGGER a BEFORE INSERT ON conversation_states FOR EACH ROW EXECUTE FUNCTION swallow()")
        let store = try await test.conversations()
        try await store.whole()
        #expect(try await store.save("7", "model").placement == Placement([.sqlite, .memory]))
        #expect(try await store.save("8", "model").placement.storedIn.contains(.neon))
        let tier = store.status.remote[0]
        #expect(tier.pending == 1 && tier.refusals.values.reduce(0, +) == 1)
        #expect(store.status.health == .degraded && store.status.summary.contains("neon refuses 1 records"))
        await store.close()
    }
}
