import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// One person's nicknames differ by more than case, even if no store decided over both.
@Suite struct NicknameRuleTests {
    private func machine(
        _ id: Int, _ nickname: String, _ number: Int64, user: String = "7", isDeleted: Bool = false
    ) -> MachineRecord {
        let moment = Timestamp(milliseconds: 1_795_000_000_000 + number)
        return MachineRecord(
            id: "0192f3c4-0000-4000-8000-00000000000\(id)", requestID: "0192f3c4-0000-4000-8000-00000000000\(id)",
            revision: Revision(at: moment), userID: user, details: MachineDetails(nickname: nickname),
            createdAt: moment, updatedAt: moment, deletedAt: isDeleted ? moment : nil)
    }

    private func isRefused(_ machine: MachineRecord, by table: MachineTable) -> Bool {
        do throws(SQLiteError) {
            try table.put(machine)
            return false
        } catch { return error.isUniqueViolation }
    }

    @Test func `A nickname that is taken in another spelling: the table refuses the machine`() throws {
        let file = try TemporaryFile()
        let table = try MachineTable(path: file.path)
        try table.put(machine(1, "Straße", 1))
        #expect(isRefused(machine(2, "STRASSE", 2), by: table))
        #expect(!isRefused(machine(2, "STRASSE", 2, user: "8"), by: table))
        #expect(!isRefused(machine(3, "Pump", 3), by: table))
        #expect(isRefused(machine(3, "strasse", 4), by: table))
        // Its own nickname is free, and so is that of a deleted machine.
        #expect(!isRefused(machine(1, "STRASSE", 5), by: table))
        #expect(!isRefused(machine(1, "STRASSE", 6, isDeleted: true), by: table))
        #expect(!isRefused(machine(3, "strasse", 7), by: table))
        #expect(isRefused(machine(1, "Straße", 8), by: table))
    }

    /// An earlier version of Rivet allowed two machines with one nickname.
    @Test func `A machine that shares its nickname already: can be changed, and not take another one's`() throws {
        let file = try TemporaryFile()
        let table = try MachineTable(path: file.path)
        for (id, nickname) in [(1, "Pump"), (2, "Fan"), (3, "Mill")] { try table.put(machine(id, nickname, 1)) }
        try table.connection.run(
            "UPDATE user_machines SET nickname = 'PUMP', nickname_key = 'pump' WHERE nickname = 'Fan'")
        #expect(!isRefused(machine(2, "PUMP", 2), by: table))
        #expect(isRefused(machine(2, "mill", 3), by: table))
    }

    @Test(arguments: [("Pump", "Pump (2)"), ("Pump (2)", "Pump (3)")])
    func `A machine that makes way: gets a free number`(
        _ nickname: String, _ expected: String
    ) async throws {
        let file = try TemporaryFile("library.db")
        let store = try await MachineStore(path: file.path, memoryLimit: 1 << 20, now: TestClock().now)
        let request = UUID().uuidString.lowercased()
        let params = LibraryAdd.Params(
            requestID: request, userID: "7", details: MachineDetails(nickname: nickname))
        _ = try await store.add(params)().get()
        let other = nickname.uppercased()
        try Database(file.path).rows("INSERT INTO user_machines (user_id, nickname) VALUES ('7', '\(other)')")
        let machines = try await store.list(.init(userID: "7"))().get().machines
        #expect(machines.count == 2)
        #expect(Set(machines.map(\.details.nickname)) == [other, expected])
        await store.close()
    }

    /// How the two arose: the page with the first could not be read when the second was added, so its nickname seemed
    /// free.
    @Test func `A broken file with two machines of one nickname: both are salvaged, with two nicknames`() async throws {
        let file = try TemporaryFile("library.db")
        do {
            let broken = try MachineTable(path: file.path)
            for (id, nickname) in [(1, "Pump"), (2, "Fan")] { try broken.put(machine(id, nickname, Int64(id))) }
            try broken.connection.run(
                "UPDATE user_machines SET nickname = 'PUMP', nickname_key = 'pump' WHERE nickname = 'Fan'")
        }
        try MachineTable.setAside(file.path, at: Timestamp(milliseconds: 1_795_000_000_000))
        #expect(try MachineTable.unsalvaged(file.path).count == 1)
        let store = try await MachineStore(path: file.path, memoryLimit: 1 << 20, now: TestClock().now)
        let machines = try await store.list(.init(userID: "7"))().get().machines
        #expect(Set(machines.map(\.details.nickname)) == ["Pump", "PUMP (2)"])
        #expect(machines.allSatisfy { $0.storedIn.contains(.sqlite) })
        #expect(try MachineTable.unsalvaged(file.path).isEmpty)
        await store.close()
    }
}
