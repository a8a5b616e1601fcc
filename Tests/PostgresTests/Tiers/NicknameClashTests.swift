import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// Machines of one person whose nicknames are equal ignoring case, from different places.
@Suite(.serialized, .needsPostgres)
struct NicknameClashTests {
    private static let ids = ["a0000000-0000-4000-8000-000000000001", "b0000000-0000-4000-8000-000000000002"]

    private func insert(
        _ nickname: String, id: String, at times: String, into test: StoreUnderTest, _ index: Int
    ) async throws {
        try await test.databases.run(
            """
            INSERT INTO user_machines (user_id, machine_id, nickname, location, created_at, updated_at)
            VALUES ('7', '\(id)', '\(nickname)', 'at \(id)', \(times), \(times))
            """, on: index)
    }

    private func nicknames(_ store: MachineStore) async throws -> [String: String] {
        Dictionary(uniqueKeysWithValues: try await store.list().map { ($0.id, $0.details.nickname) })
    }

    /// On two stores that found them in different orders, and on one that lost its disk.
    @Test(
        arguments: [
            ["'2026-01-01'", "'2026-01-02'"], ["'2026-01-02'", "'2026-01-01'"], ["NULL", "NULL"],
            ["'infinity'", "NULL"],
        ], [false, true])
    func `Two tiers with one nickname in two spellings: both stay, and the same one keeps it everywhere`(
        _ times: [String], _ isOtherOrder: Bool
    ) async throws {
        let test = try await StoreUnderTest(2)
        for index in 0...1 { try await test.databases.migrate(.machines, on: index) }
        let spellings = ["Straße Café", "STRASSE CAFE\u{301}"]
        for (index, time) in times.enumerated() {
            let tier = isOtherOrder ? 1 - index : index
            try await insert(spellings[index], id: Self.ids[index], at: time, into: test, tier)
        }
        let store = try await test.machines()
        try await eventually("both are in the library") { try await store.list().count == 2 }
        try await store.whole()
        let found = try await nicknames(store)
        let keeper = times[0] == "'2026-01-02'" ? 1 : 0
        #expect(found[Self.ids[keeper]] == spellings[keeper])
        #expect(found[Self.ids[1 - keeper]] == Nickname.numbered(spellings[1 - keeper], 2))
        let renamings = try await store.renamings()().get().renamings
        #expect(renamings.map(\.id) == [Self.ids[1 - keeper]])
        #expect(renamings.map(\.renamedFrom) == [spellings[1 - keeper]])
        await store.close()
        try await test.expectEqualTiers()
        try FileManager.default.removeItem(atPath: test.libraryPath)
        let second = try await test.machines()
        try await second.whole()
        #expect(try await nicknames(second) == found)
        await second.close()
        try await test.expectEqualTiers()
    }

    /// A pull reports the row with a later time, or without a time.
    @Test(arguments: ["'2027-02-01'", "NULL"])
    func `A foreign row that takes a nickname in another spelling: both stay, and a person can tell them apart`(
        _ time: String
    ) async throws {
        let test = try await StoreUnderTest(1)
        var store = try await test.machines()
        let pump = try await store.add("Pump").machine
        test.clock.advance(.seconds(1))
        let valve = try await store.add("Valve").machine
        try await store.whole()
        await store.close()
        try await test.databases.run(
            "UPDATE user_machines SET nickname = 'PUMP', updated_at = \(time) WHERE nickname = 'Valve'")
        store = try await test.machines()
        try await eventually("the clash is resolved") {
            let found = try await nicknames(store)
            return Set(found.values.map(Nickname.folded)).count == 2 && found[valve.id] != "Valve"
        }
        try await store.whole()
        // Of two machines that were added here, the first one keeps it.
        #expect(try await nicknames(store) == [pump.id: "Pump", valve.id: "PUMP (2)"])
        let listed = try await store.list(.init(userID: "7", query: "PUMP"))().get()
        #expect(listed.total == 2)
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `A row that another program puts into SQLite: clashes ignoring case, and both stay`() async throws {
        let test = try await StoreUnderTest(1)
        let store = try await test.machines()
        let pump = try await store.add("Pump").machine
        try await store.whole()
        let other = try Database(test.libraryPath)
        try other.rows("INSERT INTO user_machines (user_id, nickname) VALUES ('7', 'PUMP')")
        await store.pulse()
        let found = try await nicknames(store)
        #expect(found.count == 2 && found[pump.id] == "Pump (2)")
        #expect(Set(found.values) == ["Pump (2)", "PUMP"])
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }
}
