import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// Several hosts that share a database.
@Suite(.serialized, .needsPostgres)
struct HostNumberTests {
    private func store(_ test: StoreUnderTest, _ file: String, host: UInt8) async throws -> MachineStore {
        try await MachineStore(
            path: "\(test.directory.path)/\(file)", memoryLimit: 4 << 20, now: test.clock.now,
            remote: RemoteTiers(test.databases.targets, deadline: .seconds(2), heartbeat: .seconds(1), host: host))
    }

    private func visits(_ test: StoreUnderTest) async throws -> [String?] {
        try await test.databases.run("SELECT visit FROM rivet_store_visits ORDER BY host").map { $0.text(0) }
    }

    @Test func `Two hosts with two numbers: do not read everything at each visit`() async throws {
        let test = try await StoreUnderTest()
        let first = try await store(test, "first.db", host: 0)
        for number in 0..<5 { try await first.add("Pump \(number)") }
        try await first.whole()
        let second = try await store(test, "second.db", host: 1)
        try await second.whole()
        #expect(try await second.list().count == 5)
        // The clock of these stores is far ahead of the server's, which reports its time.
        #expect(try #require(first.status.counters["clock_ahead_s.neon"]) < -60)
        let pulls = (first.status.counters["pulls.neon"], second.status.counters["pulls.neon"])
        // Each of the two stores replaces its visit again and again, and the other one sees that.
        for _ in 0..<3 {
            let before = try await visits(test)
            #expect(before.count == 2)
            try await eventually("both have left another visit", within: .seconds(20)) {
                zip(before, try await visits(test)).allSatisfy { $0 != $1 }
            }
        }
        try await first.add("Valve")
        try await first.whole()
        try await second.whole()
        #expect(first.status.counters["pulls.neon"] == pulls.0 && second.status.counters["pulls.neon"] == pulls.1)
        await first.close()
        await second.close()
    }

    @Test func `Two hosts with one number: the second writes nothing there and says so`() async throws {
        let test = try await StoreUnderTest()
        let first = try await store(test, "first.db", host: 7)
        try await first.add("Pump")
        try await first.whole()
        let second = try await store(test, "second.db", host: 7)
        try await eventually("it is told what to do") {
            second.status.remote[0].lastError?.contains("RIVET_HOST_NUMBER") == true
        }
        #expect(try await second.add("Valve").machine.storedIn.contains(.neon) == false)
        #expect(second.status.health == .degraded)
        #expect(try await test.databases.run("SELECT nickname FROM user_machines").map { $0.text(0) } == ["Pump"])
        // The first store finds its visit unchanged, and continues.
        try await first.add("Compressor")
        try await first.whole()
        // After the first store has released its number, the second one takes the row over.
        await first.close()
        try await second.whole()
        #expect(try await second.list().count == 3)
        await second.close()
    }

    @Test func `The number of a store that vanished: free after ten minutes`() async throws {
        let test = try await StoreUnderTest()
        try await test.databases.migrate(.machines)
        func visited(_ ago: String) async throws {
            try await test.databases.run(
                """
                INSERT INTO rivet_store_visits VALUES
                    (0, 'machines', 5, 6, 42, (now() AT TIME ZONE 'UTC') - interval '\(ago)')
                ON CONFLICT (host, store) DO UPDATE SET touched_at = excluded.touched_at
                """)
        }
        try await visited("9 minutes")
        let store = try await store(test, "first.db", host: 0)
        try await eventually("it is told what to do") {
            store.status.remote[0].lastError?.contains("RIVET_HOST_NUMBER") == true
        }
        try await visited("11 minutes")
        try await store.whole()
        #expect(try await store.add("Pump").machine.storedIn.contains(.neon))
        // Another store takes the row over. This one notices it at its next visit, and leaves the tier alone.
        try await test.databases.run("UPDATE rivet_store_visits SET writer = 42")
        try await eventually("it is told again", within: .seconds(20)) {
            store.status.remote[0].state != .up
                && store.status.remote[0].lastError?.contains("RIVET_HOST_NUMBER") == true
        }
        await store.close()
    }

    @Test func `The number of a store: is that of its file and machine`() {
        let path = "/var/lib/rivet-state/state.db"
        #expect(StoreIdentity(host: 1, path: path) == StoreIdentity(host: 1, path: path))
        #expect(
            StoreIdentity(host: 1, path: path) == StoreIdentity(host: 1, path: "/var/lib/rivet-state/x/../state.db"))
        #expect(StoreIdentity(host: 1, path: path).writer != StoreIdentity(host: 1, path: path + "2").writer)
    }
}
