import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// Databases that are emptied, restored, asleep, read-only, out of connections, or unavailable for too long.
@Suite(.serialized, .needsPostgres)
struct TierTroubleTests {
    @Test(arguments: [false, true])
    func `A wiped tier: filled again`(_ isStarting: Bool) async throws {
        let test = try await StoreUnderTest(2)
        var (states, library) = (try await test.conversations(), try await test.machines())
        try await fill(states, library)
        if isStarting {
            await states.close()
            await library.close()
        }
        try await test.databases.run("DROP SCHEMA public CASCADE")
        try await test.databases.run("CREATE SCHEMA public")
        if isStarting {
            (states, library) = (try await test.conversations(), try await test.machines())
        }
        // The next contact finds a different database.
        try await states.save("last", "model")
        try await library.add("Last")
        try await eventually("the tier is filled") {
            let rows = try? await test.databases.run(
                "SELECT (SELECT count(*) FROM conversation_states), (SELECT count(*) FROM user_machines)")
            return rows?.first?.columns == ["41", "31"]
        }
        try await end(test, states, library)
    }

    /// A backup is restored: the same database, as it was earlier.
    @Test func `A tier that is restored from a backup: filled again`() async throws {
        let test = try await StoreUnderTest(2)
        var (states, library) = (try await test.conversations(), try await test.machines())
        try await fill(states, library)
        await states.close()
        await library.close()
        let name = test.databases.names[0]
        try await test.databases.administer("CREATE DATABASE \(name)_backup TEMPLATE \(name)")
        (states, library) = (try await test.conversations(), try await test.machines())
        for user in 0..<20 { try await states.save("\(user)", "serial") }
        try await states.clear("21")
        try await library.add("Later")
        try await states.whole()
        try await library.whole()
        await states.close()
        await library.close()
        try await test.databases.administer("ALTER DATABASE \(name) RENAME TO \(name)_gone")
        try await test.databases.administer("ALTER DATABASE \(name)_backup RENAME TO \(name)")
        #expect(try await test.databases.conversations().count { $0.step == "serial" } == 0)
        (states, library) = (try await test.conversations(), try await test.machines())
        try await eventually("the tier is filled") {
            let (rows, machines) = (try await test.databases.conversations(), try await test.databases.machines())
            return rows.count { $0.step == "serial" } == 20 && machines.count == 31
        }
        #expect(try await states.load("3")?.step == "serial")
        #expect(try await states.load("21") == nil)
        try await end(test, states, library)
    }

    private func fill(_ states: ConversationStore, _ library: MachineStore) async throws {
        for user in 0..<40 { try await states.save("\(user)", "model", ["nickname": .string("Pump \(user)")]) }
        for number in 0..<30 { try await library.add("Machine \(number)") }
        try await states.whole()
        try await library.whole()
    }

    private func end(_ test: StoreUnderTest, _ states: ConversationStore, _ library: MachineStore) async throws {
        try await states.whole()
        try await library.whole()
        await states.close()
        await library.close()
        try await test.expectEqualTiers()
    }

    /// The first tier is compared row by row, which takes a while. The next tier serves as well meanwhile.
    @Test func `A save while the first tier is compared: waits for the next one`() async throws {
        let test = try await StoreUnderTest(2)
        let store = try await test.conversations(deadline: .seconds(1))
        for user in 0..<10 { try await store.save("\(user)", "model") }
        try await store.whole()
        let proxy = test.databases.proxies[0]
        let syncs = proxy.syncs
        proxy.set(.holdAnswers)
        let pulls = store.status.counters["pulls.supabase"] ?? 0
        store.reconcile()
        await proxy.sent(syncs: syncs + 1)
        try await eventually("the second is compared") {
            store.status.counters["pulls.supabase"] ?? 0 > pulls && store.status.remote[1].pending == 0
        }
        #expect(try await store.save("7", "serial").placement == Placement([.supabase, .sqlite, .memory]))
        proxy.set(.pass)
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    /// A server that ends idle connections, as one that scales to zero does.
    @Test func `A sleeping tier: not down`() async throws {
        let test = try await StoreUnderTest(2)
        let store = try await test.conversations()
        try await store.whole()
        for step in ["nickname", "manufacturer", "model"] {
            try await test.databases.endIdleSession()
            // The store learns that the session has ended when it processes the connection's error.
            try await eventually("the end of the session is known") { store.status.remote[0].lastError != nil }
            #expect(store.state(of: .neon) == .up)
            let saved = try await store.save("7", step)
            #expect(saved.placement.storedIn.contains(.neon))
            #expect(store.status.remote[0].state == .up && store.status.health == .ok)
        }
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    /// A router silently forgets the connections: one in use, and one that is being made.
    @Test(arguments: [false, true])
    func `A connection that dies silently: replaced`(_ isBeingMade: Bool) async throws {
        let test = try await StoreUnderTest()
        // The lock that another program's migration takes.
        let lock = isBeingMade ? try await test.databases.sql() : nil
        let proxy = test.databases.proxies[0]
        if let lock { _ = try await lock.run("SELECT pg_advisory_lock(491362542964)") }
        let local = try await ConversationStore(
            path: test.statePath, memoryLimit: 1 << 20, timeToLive: .seconds(86_400), now: test.clock.now)
        try await local.save("6", "model")
        await local.close()
        let store = try await test.conversations(deadline: .milliseconds(300))
        if isBeingMade { await proxy.sent(syncs: 1) } else { try await store.whole() }
        proxy.strand()
        lock?.close()
        #expect(try await store.save("7", "model").placement == Placement([.sqlite, .memory]))
        try await store.whole(within: .seconds(25))
        await store.close()
        try await test.expectEqualTiers()
    }

    /// The longest time without contact after a tier is back leaves time to pay within half a minute.
    @Test func `A tier that is back: contacted in time to be paid within half a minute`() {
        let unmet = Breaker.waitMax + PostgresTier<PostgresConversationTable>.connectDeadline
        #expect(unmet <= .seconds(27))
    }

    /// A standby, or a disk quota: the tier can be read and accepts no writes.
    @Test func `A read-only tier: down until it accepts writes again`() async throws {
        let test = try await StoreUnderTest(2)
        let store = try await test.conversations()
        try await store.save("7", "nickname")
        try await store.whole()
        let name = test.databases.names[0]
        try await test.databases.administer("ALTER DATABASE \(name) SET default_transaction_read_only = on")
        try await test.databases.endSessions()
        for step in ["manufacturer", "model", "serial"] {
            let saved = try await store.save("7", step)
            #expect(saved.placement.storedIn.contains(.sqlite) && !saved.placement.storedIn.contains(.neon))
        }
        try await store.lost(.neon)
        try await eventually("what is wrong is told") {
            store.status.remote[0].lastError?.contains("25006") == true
        }
        #expect(store.status.health == .degraded)
        #expect(try await store.save("7", "location").placement == Placement([.supabase, .sqlite, .memory]))
        try await test.databases.administer("ALTER DATABASE \(name) RESET default_transaction_read_only")
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `A tier without a free connection: down until there is one`() async throws {
        let role = "role_\(UInt64.random(in: 0...UInt64.max))"
        let connection = try await Server.connect(try TierDatabases.cluster.url())
        try await connection.run("CREATE ROLE \(role) LOGIN PASSWORD '\(PostgresCluster.password)'")
        connection.close()
        let test = try StoreUnderTest(try await TierDatabases(2, owner: role))
        let store = try await test.conversations()
        try await store.save("7", "nickname")
        try await store.whole()
        let name = test.databases.names[0]
        try await test.databases.administer("ALTER DATABASE \(name) CONNECTION LIMIT 0")
        try await test.databases.endSessions()
        for step in ["manufacturer", "model"] {
            #expect(try await store.save("7", step).placement.storedIn.contains(.sqlite))
        }
        try await store.lost(.neon)
        try await eventually("what is wrong is told") {
            store.status.remote[0].lastError?.contains("too many connections") == true
        }
        #expect(try await store.save("7", "serial").placement == Placement([.supabase, .sqlite, .memory]))
        try await test.databases.administer("ALTER DATABASE \(name) CONNECTION LIMIT -1")
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    /// The tombstone keeps a tier that was unavailable for months from bringing back ended records.
    @Test func `A tombstone: loses its content after 30 days and stays in every tier`() async throws {
        let test = try await StoreUnderTest(2)
        let (states, library) = (
            try await test.conversations(deadline: .milliseconds(300)),
            try await test.machines(deadline: .milliseconds(300))
        )
        for user in ["7", "8"] { try await states.save(user, "model") }
        let machine = try await library.add("Pump").machine
        try await states.whole()
        try await library.whole()
        try await states.clear("7", update: 1)
        try await states.whole()
        // The second tier does not receive these ends.
        test.databases.proxies[1].set(.refuse)
        try await states.clear("8", update: 2)
        #expect(try await library.delete(.init(userID: "7", id: machine.id))().get().deleted)
        try await states.lost(.supabase)
        try await library.lost(.supabase)
        test.clock.advance(.seconds(29 * 86_400))
        _ = try await states.sweep().get()
        _ = try await library.prune().get()
        #expect(try rows(test.statePath, "conversation_states WHERE last_clear IS NOT NULL") == 2)
        test.clock.advance(.seconds(2 * 86_400))
        _ = try await states.sweep().get()
        #expect(try await library.prune().get() == 1)
        #expect(
            try rows(test.statePath, "conversation_states WHERE last_clear IS NULL AND applied_updates = '[]'") == 2)
        #expect(try rows(test.libraryPath, "deleted_user_machines WHERE nickname = '' AND notes IS NULL") == 1)
        try await eventually("the first tier has emptied them too") {
            let (conversations, machines) = (
                try await test.databases.conversations(), try await test.databases.machines()
            )
            return conversations.count == 2 && conversations.allSatisfy { $0.isClosed && $0 == $0.emptied }
                && machines.count == 1 && machines.allSatisfy { $0.isDeleted && $0 == $0.emptied }
        }
        test.databases.proxies[1].set(.pass)
        try await states.whole()
        try await library.whole()
        #expect(try await states.load("8") == nil)
        #expect(try await library.list().isEmpty)
        try await eventually("nothing is open in the second") {
            guard try await test.databases.conversations(on: 1).allSatisfy(\.isClosed) else { return false }
            return try await test.databases.machines(on: 1).allSatisfy(\.isDeleted)
        }
        await states.close()
        await library.close()
    }

    @Test func `A deleted machine: stays deleted after a lost disk and a tier that was away for a month`() async throws
    {
        let test = try await StoreUnderTest(2)
        var library = try await test.machines(deadline: .milliseconds(300))
        let machine = try await library.add("Pump").machine
        try await library.whole()
        test.databases.proxies[0].set(.refuse)
        #expect(try await library.delete(.init(userID: "7", id: machine.id))().get().deleted)
        try await library.whole(of: [.supabase])
        test.clock.advance(.seconds(31 * 86_400))
        _ = try await library.prune().get()
        try await eventually("the tombstone is pruned in the second tier") {
            try await test.databases.machines(on: 1).allSatisfy { $0.details.nickname != "Pump" }
        }
        await library.close()
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: test.libraryPath + suffix) }
        library = try await test.machines(deadline: .milliseconds(300))
        try await library.whole(of: [.supabase])
        test.databases.proxies[0].set(.pass)
        try await library.whole()
        #expect(try await library.list().isEmpty)
        try await eventually("it is deleted in the tier that was away") {
            try await test.databases.machines(on: 0).allSatisfy(\.isDeleted)
        }
        await library.close()
    }

    /// As after a broken file that was partly salvaged while the tier was unavailable.
    @Test func `A row that this disk has lost: comes back from the tier and is not deleted there`() async throws {
        let test = try await StoreUnderTest()
        var library = try await test.machines()
        for number in 0..<3 { try await library.add("Pump \(number)") }
        let deleted = try await library.add("Fan").machine
        #expect(try await library.delete(.init(userID: "7", id: deleted.id))().get().deleted)
        try await library.whole()
        test.clock.advance(.seconds(31 * 86_400))
        _ = try await library.prune().get()
        await library.close()
        _ = try Database(test.libraryPath).rows("DELETE FROM user_machines")
        library = try await test.machines()
        library.reconcile()
        try await eventually("they are back") { try await library.list().count == 3 }
        try await library.whole()
        #expect(try await test.databases.machines().filter { !$0.isDeleted }.count == 3)
        await library.close()
    }

    private func rows(_ path: String, _ table: String) throws -> Int? {
        try Database(path).rows("SELECT count(*) FROM \(table)")[0][0].flatMap { Int($0) }
    }

    /// A record that PostgreSQL never accepts does not delay others.
    @Test func `A record that a tier refuses: delays no other`() async throws {
        let test = try await StoreUnderTest()
        let store = try await test.conversations(deadline: .milliseconds(500))
        try await store.whole()
        try await test.databases.run(
            "ALTER TABLE conversation_states ADD CONSTRAINT their_rule CHECK (user_id <> 'poison')")
        test.databases.set(.refuse)
        for user in ["a", "poison", "b"] { try await store.save(user, "model") }
        test.databases.set(.pass)
        try await eventually("the others are there") {
            try await test.databases.conversations().map(\.key.userID) == ["a", "b"]
        }
        let poisoned = try await store.save("poison", "serial")
        #expect(poisoned.placement == Placement([.sqlite, .memory]))
        #expect(try await store.save("c", "model").placement.storedIn.contains(.neon))
        #expect(store.state(of: .neon) == .up)
        #expect(store.status.remote[0].pending == 1)
        #expect(store.status.counters["tiers.refusals"] ?? 0 > 0)
        // The rule is dropped, and after the next contact the record is stored too.
        try await test.databases.run("ALTER TABLE conversation_states DROP CONSTRAINT their_rule")
        try await test.databases.endSessions()
        try await eventually("the next contact") {
            try await store.save("d", "model").placement.storedIn.contains(.neon)
        }
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }
}
