import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// Rows that another program changed without a new revision, where no trigger reports it.
@Suite(.serialized, .needsPostgres)
struct EqualRevisionTests {
    private func changeMachine(_ place: String, on index: Int, in test: StoreUnderTest) async throws {
        try await test.databases.run("ALTER TABLE user_machines DISABLE TRIGGER USER", on: index)
        try await test.databases.run(
            "UPDATE user_machines SET location = '\(place)' WHERE nickname = 'Pump'", on: index)
    }

    private func changeConversation(_ place: String, on index: Int, in test: StoreUnderTest) async throws {
        try await test.databases.run("ALTER TABLE conversation_states DISABLE TRIGGER USER", on: index)
        try await test.databases.run(
            "UPDATE conversation_states SET current_step = 'notes', state_data = '{\"by\": \"\(place)\"}'", on: index)
    }

    /// - Parameter isReconciled: whether a running store reads the tier by `rivetctl pull`.
    @Test(arguments: [true, false])
    func `A row with other content at our revision: is taken over in every tier`(_ isReconciled: Bool) async throws {
        let test = try await StoreUnderTest(2)
        var (store, machines) = (try await test.conversations(), try await test.machines())
        try await store.save("7", "model", ["nickname": "Pump"])
        let pump = try await machines.add("Pump").machine
        try await machines.add("Valve")
        try await store.whole()
        try await machines.whole()
        if !isReconciled {
            await store.close()
            await machines.close()
        }
        try await changeMachine("Hall 9", on: 0, in: test)
        try await changeConversation("Hall 9", on: 0, in: test)
        if isReconciled {
            store.reconcile()
            machines.reconcile()
        } else {
            (store, machines) = (try await test.conversations(), try await test.machines())
        }
        try await eventually("the change is taken over") {
            guard try await store.load("7")?.data == ["by": "Hall 9"] else { return false }
            return try await machines.list().contains { $0.details.texts[.location] == "Hall 9" }
        }
        try await store.whole()
        try await machines.whole()
        #expect(try await store.load("7")?.step == "notes")
        let found = try #require(try await machines.list().first { $0.id == pump.id })
        #expect(found.revision > pump.revision && found.revision.rawValue - pump.revision.rawValue < 1 << 17)
        await store.close()
        await machines.close()
        try await test.expectEqualTiers()
    }

    /// A write of that revision is repeated, as after a lost response.
    @Test func `A repeated write that meets other content at its revision: finds it`() async throws {
        let test = try await StoreUnderTest(1)
        var machines = try await test.machines()
        try await machines.add("Pump")
        try await machines.whole()
        await machines.close()
        try await changeMachine("Hall 9", on: 0, in: test)
        // It is below the pulled revision, so no page reports it, and it is owed again.
        try Database(test.libraryPath).rows(
            """
            INSERT OR REPLACE INTO tier_debts (machine_id, revision, tiers, since)
            SELECT machine_id, revision, 1, updated_at FROM user_machines
            """)
        machines = try await test.machines()
        try await eventually("the change is taken over") {
            try await machines.list().contains { $0.details.texts[.location] == "Hall 9" }
        }
        try await machines.whole()
        await machines.close()
        try await test.expectEqualTiers()
    }

    /// After the loss of a disk, it is unknown which of the two was changed. The order of reading must not matter.
    @Test(arguments: [true, false])
    func `Two tiers with other content at one revision, and a lost disk: one rule says which wins`(
        _ isSecondChanged: Bool
    ) async throws {
        let test = try await StoreUnderTest(2)
        var machines = try await test.machines()
        try await machines.add("Pump", request: "a0000000-0000-4000-8000-000000000001")
        try await machines.whole()
        await machines.close()
        try await changeMachine("Hall 8", on: 0, in: test)
        if isSecondChanged { try await changeMachine("Hall 9", on: 1, in: test) }
        var rows: [MachineRecord] = []
        for index in 0...1 { rows += try await test.databases.machines(on: index) }
        let winner = try #require(rows.map(\.asChange).max { $0.revision < $1.revision })
        #expect(rows.count == 2)
        try FileManager.default.removeItem(atPath: test.libraryPath)
        machines = try await test.machines()
        try await machines.whole()
        await machines.close()
        try await test.expectEqualTiers()
        #expect(try await test.databases.machines().map(\.details) == [winner.details])
    }

    /// - Parameter isDiskLost: whether the disk is lost. Then the tombstone in the first tier may be all that was read
    ///   at first.
    @Test(arguments: [true, false])
    func `A tombstone at the revision of a live machine: the machine stays`(_ isDiskLost: Bool) async throws {
        let test = try await StoreUnderTest(2)
        var machines = try await test.machines()
        try await machines.add("Pump")
        try await machines.whole()
        await machines.close()
        let columns = """
            machine_id, request_id, revision, user_id, nickname, manufacturer, model_number, serial_number, location, notes, \
            photo_file_id, ocr_data, created_at, updated_at
            """
        try await test.databases.run("ALTER TABLE user_machines DISABLE TRIGGER USER", on: 0)
        try await test.databases.run(
            """
            WITH gone AS (DELETE FROM user_machines RETURNING *)
            INSERT INTO deleted_user_machines (\(columns), deleted_at) SELECT \(columns), updated_at FROM gone
            """, on: 0)
        #expect(try await test.databases.machines(on: 0).map(\.isDeleted) == [true])
        if isDiskLost { try FileManager.default.removeItem(atPath: test.libraryPath) }
        machines = try await test.machines()
        try await machines.whole()
        try await eventually("the machine is everywhere") {
            for index in 0...1 {
                guard try await test.databases.machines(on: index).map(\.isDeleted) == [false] else { return false }
            }
            return true
        }
        try await machines.whole()
        await machines.close()
        try await test.expectEqualTiers()
        #expect(try await test.databases.machines().map(\.details.nickname) == ["Pump"])
    }
}
