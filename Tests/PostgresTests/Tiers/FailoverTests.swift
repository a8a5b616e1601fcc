import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// Tiers fail and come back: a read always returns the latest write, no matter which tiers are unavailable.
@Suite(.serialized, .needsPostgres)
struct FailoverTests {
    @Test func `Tiers that are killed in turn: replaced by the next, and used again when back`() async throws {
        let clusters = try (0..<3).map { _ in try PostgresCluster() }
        let test = try StoreUnderTest(try await TierDatabases(3, clusters: clusters))
        guard let disk = SmallDisk(bytes: 2 << 20, at: test.directory.path + "/disk") else { return }
        let path = disk.path + "/state.db"
        // Longer than a busy machine's disk may take. A killed server is noticed without the deadline.
        let store = try await test.conversations(at: path, deadline: .seconds(5))
        var steps = 0
        func save() async throws -> Placement {
            steps += 1
            let saved = try await store.save("7", "step \(steps)", ["number": .integer(Int64(steps))])
            #expect(try await store.load("7")?.step == "step \(steps)")
            return saved.placement
        }
        // On a busy machine, a later tier may have the record too by the time of the response.
        func isIn(_ placement: Placement, _ first: TierName?) -> Bool {
            placement.storedIn.first == first ?? .sqlite && placement.storedIn.suffix(2) == [.sqlite, .memory]
        }
        #expect(isIn(try await save(), .neon))
        for (cluster, next) in zip(clusters, [TierName.supabase, .railway, nil]) {
            cluster.kill()
            #expect(try await save().storedIn.contains(.sqlite))
            #expect(isIn(try await save(), next))
        }
        disk.fill()
        try await store.fillUp()
        #expect(try await save() == Placement(storedIn: [.memory], isDurable: false))
        #expect(store.status.health == .failing)
        disk.free()
        try await eventually("the disk takes what memory holds") { store.status.isUp && store.status.pending == 0 }
        #expect(store.status.health == .degraded)
        #expect(try await save() == Placement([.sqlite, .memory]))
        for (cluster, tier) in zip(clusters, TierDatabases.tierNames).reversed() {
            try cluster.start()
            try await eventually("\(tier) is back") { store.state(of: tier) == .up }
            #expect(try await save().storedIn.contains(tier))
        }
        try await store.whole()
        #expect(store.status.health == .ok)
        await store.close()
        let local = try test.records(ConversationTable.self, at: path)
        for index in 0..<3 { #expect(try await test.databases.conversations(on: index) == local) }
    }

    /// The first tier comes back with its old rows, and an empty disk reads both tiers.
    @Test(arguments: [false, true])
    func `A read after a failback: never stale`(_ isCleared: Bool) async throws {
        let test = try await StoreUnderTest(2)
        let store = try await test.conversations(deadline: .milliseconds(300))
        try await store.save("7", "manufacturer")
        try await store.whole()
        test.databases.proxies[0].set(.refuse)
        for step in ["model", "serial"] { try await store.save("7", step) }
        if isCleared { try await store.clear("7") }
        try await store.whole(of: [.supabase])
        await store.close()
        test.databases.proxies[0].set(.pass)
        // The row of the first tier is stale now.
        #expect(try await test.databases.conversations()[0].step == "manufacturer")
        // The other disk comes ten minutes after the visit of this one, which could not release its number there.
        try await test.databases.run("UPDATE rivet_store_visits SET touched_at = touched_at - interval '10 minutes'")
        let other = try await test.conversations(at: test.directory.path + "/other.db")
        #expect(try await other.load("7")?.step == (isCleared ? nil : "serial"))
        try await other.whole()
        #expect(try await other.load("7")?.step == (isCleared ? nil : "serial"))
        await other.close()
        let rows = try await test.databases.conversations()
        #expect(try await rows == test.databases.conversations(on: 1))
        #expect(rows[0].isClosed == isCleared)
    }

    /// Every read sees it cleared, even while the tier comes back.
    @Test func `A cleared conversation: stays cleared while a tier comes back`() async throws {
        let test = try await StoreUnderTest(2)
        let store = try await test.conversations(deadline: .milliseconds(300))
        try await store.save("7", "notes")
        try await store.whole()
        test.databases.set(.refuse)
        try await store.clear("7")
        test.databases.set(.pass)
        while store.status.remote.contains(where: { $0.state != .up || $0.pending > 0 }) {
            #expect(try await store.load("7") == nil)
            await Task.yield()
        }
        #expect(try await store.load("7") == nil)
        for index in 0..<2 { #expect(try await test.databases.conversations(on: index).allSatisfy(\.isClosed)) }
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `A machine added in an outage: arrives once`() async throws {
        let test = try await StoreUnderTest(2)
        var store = try await test.machines(deadline: .milliseconds(300))
        try await store.whole()
        test.databases.set(.blackhole)
        let request = UUID().uuidString.lowercased()
        let added = try await store.add("Pump", request: request)
        #expect(added.isDurable && added.machine.storedIn == [.sqlite, .memory])
        #expect(try await store.add("Pump", request: request).machine.id == added.machine.id)
        await store.close()
        store = try await test.machines(deadline: .milliseconds(300))
        #expect(try await store.add("Pump", request: request).machine.id == added.machine.id)
        test.databases.set(.pass)
        test.databases.proxies.forEach { $0.reset() }
        try await store.whole()
        #expect(try await store.add("Pump", request: request).machine.id == added.machine.id)
        await store.close()
        for index in 0..<2 { #expect(try await test.databases.machines(on: index).map(\.id) == [added.machine.id]) }
        try await test.expectEqualTiers()
    }

    /// The server commits, and the connection ends before the response.
    @Test func `A commit whose response is lost: applied once`() async throws {
        let test = try await StoreUnderTest()
        let (conversations, machines) = (
            try await test.conversations(deadline: .milliseconds(500)),
            try await test.machines(deadline: .milliseconds(500))
        )
        // Everything that was sent at contact has its response when this has.
        let earlier = try await machines.add("Fan").machine.id
        try await conversations.save("7", "manufacturer")
        try await conversations.whole()
        try await machines.whole()
        test.databases.set(.cutBeforeAnswer)
        let saved = try await conversations.save("7", "model", ["nickname": "Pump"], update: 3)
        let request = UUID().uuidString.lowercased()
        let added = try await machines.add("Pump", request: request)
        #expect(saved.placement == Placement([.sqlite, .memory]))
        #expect(added.machine.storedIn == [.sqlite, .memory])
        // It is stored nevertheless.
        try await eventually("the server has done it") {
            let (rows, more) = (try await test.databases.conversations(), try await test.databases.machines())
            return rows.map(\.revision) == [saved.revision] && Set(more.map(\.id)) == [earlier, added.machine.id]
        }
        test.databases.set(.pass)
        try await conversations.whole()
        try await machines.whole()
        let again = try await conversations.save("7", "other", update: 3)
        #expect(again.revision == saved.revision)
        #expect(try await machines.add("Pump", request: request).machine.id == added.machine.id)
        await conversations.close()
        await machines.close()
        try await test.expectEqualTiers()
        #expect(try await test.databases.machines().count == 2)
    }

    /// One person waits once, and the others do not wait.
    @Test(arguments: [FaultProxy.Behaviour.blackhole, .delay(.seconds(3)), .holdAnswers])
    func `A slow first tier: costs one deadline`(_ failure: FaultProxy.Behaviour) async throws {
        let test = try await StoreUnderTest(3)
        let deadline = Duration.milliseconds(750)
        let store = try await test.conversations(deadline: deadline)
        try await store.whole()
        test.databases.proxies[0].set(failure)
        var start = ContinuousClock.now
        let inFlight = try await withThrowingTaskGroup(of: Placement.self) { group in
            for user in 0..<20 { group.addTask { try await store.save("\(user)", "model").placement } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let first = ContinuousClock.now - start
        #expect(first < deadline + .milliseconds(600), "those in flight waited \(first)")
        #expect(inFlight.allSatisfy { $0.isDurable && !$0.storedIn.contains(.neon) })
        for number in 0..<20 {
            start = .now
            let placement = try await store.save("later", "\(number)").placement
            let later = ContinuousClock.now - start
            #expect(later < deadline * 0.8, "a later one waited \(later)")
            #expect(placement.storedIn.contains(.supabase) && !placement.storedIn.contains(.neon))
        }
        test.databases.proxies[0].set(.pass)
        test.databases.proxies[0].reset()
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    enum Hindrance: CaseIterable {
        /// Another program's open transaction has locked a row of the first tier.
        case lockedRow
        /// Another program's maintenance has locked the table.
        case lockedTable
        /// Every response comes a little after the deadline.
        case slowness
    }

    /// A tier that can be reached but not used: the connection is made repeatedly, and no call waits for it.
    @Test(arguments: Hindrance.allCases)
    func `A tier that connects and hangs at writes: costs one deadline`(_ hindrance: Hindrance) async throws {
        let test = try await StoreUnderTest(2)
        let deadline = Duration.milliseconds(500)
        let store = try await test.conversations(deadline: deadline)
        try await store.save("locked", "nickname")
        try await store.whole()
        let other = try await test.databases.sql()
        func hold(_ statement: String) {
            let block = "DO $$ BEGIN \(statement); PERFORM pg_sleep(5); END $$"
            other.submit([PostgresStatement(block)], deadline: .seconds(20)) { _ in }
        }
        switch hindrance {
        case .lockedRow: hold("UPDATE conversation_states SET id = id WHERE user_id = 'locked'")
        case .lockedTable: hold("LOCK TABLE conversation_states")
        case .slowness: test.databases.proxies[0].set(.delay(deadline * 0.55))
        }
        if hindrance != .slowness {
            try await eventually("the other one has it") {
                let rows = try await test.databases.run(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
                )
                return rows[0].integer(0) ?? 0 > 0
            }
        }
        var waits = 0
        let end = ContinuousClock.now + .seconds(4)
        var number = 0
        while .now < end {
            number += 1
            let start = ContinuousClock.now
            let saved = try await store.save(number % 10 == 1 ? "locked" : "\(number % 10)", "\(number)")
            #expect(saved.placement.isDurable)
            // A call that waits for the tier waits the whole deadline; a busy disk seldom takes that long.
            if .now - start > deadline * 0.9 { waits += 1 }
            // The pace of a conversation. This sleep waits for no event.
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(waits <= 2, "\(waits) of \(number) saves waited")
        test.databases.set(.pass)
        other.close()
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    /// The reply to a person names the tiers that really have the answer.
    @Test(arguments: [Durability.remote, .local])
    func `An acknowledgement: names the tiers that have the record`(_ durability: Durability) async throws {
        let test = try await StoreUnderTest(2)
        let store = try await test.conversations(durability)
        try await store.whole()
        let latency = Duration.milliseconds(250)
        test.databases.set(.delay(latency))
        for step in ["nickname", "manufacturer", "model"] {
            let start = ContinuousClock.now
            let saved = try await store.save("7", step)
            let elapsed = ContinuousClock.now - start
            switch durability {
            case .remote:
                #expect(saved.placement.storedIn.contains(.neon) && elapsed >= latency)
                #expect(try await test.databases.conversations().map(\.revision) == [saved.revision])
            case .local:
                #expect(saved.placement == Placement([.sqlite, .memory]))
                #expect(elapsed < latency)
            }
        }
        test.databases.set(.pass)
        try await store.whole()
        #expect(try await store.load("7")?.storedIn == [.neon, .supabase, .sqlite, .memory])
        await store.close()
        try await test.expectEqualTiers()
    }

    /// The next process knows the debts.
    @Test func `Debts: outlive the store`() async throws {
        let test = try await StoreUnderTest(2)
        var (states, library) = (
            try await test.conversations(deadline: .milliseconds(300)),
            try await test.machines(deadline: .milliseconds(300))
        )
        try await states.whole()
        try await library.whole()
        test.databases.proxies[1].set(.refuse)
        for user in 0..<30 { try await states.save("\(user)", "model") }
        try await states.clear("3")
        try await library.add("Pump")
        for _ in 1...2 {
            await states.close()
            await library.close()
            states = try await test.conversations(deadline: .milliseconds(300))
            library = try await test.machines(deadline: .milliseconds(300))
            #expect(states.status.remote[1].pending == 30 && library.status.remote[1].pending == 1)
            #expect(try await states.load("4")?.storedIn.contains(.supabase) == false)
        }
        test.databases.set(.pass)
        try await states.whole()
        try await library.whole()
        await states.close()
        await library.close()
        try await test.expectEqualTiers()
    }
}
