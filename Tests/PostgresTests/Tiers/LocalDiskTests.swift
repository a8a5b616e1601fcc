import Contracts
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Persistence

/// The file on local disk is full, broken or unreadable, and other tiers have its records.
@Suite(.serialized, .needsPostgres)
struct LocalDiskTests {
    /// With PostgreSQL down too, memory stores the record, and the spill file keeps it beyond the end of the store.
    @Test func `The spill file: outlives the store while the disk is full`() async throws {
        let test = try await StoreUnderTest()
        guard let disk = SmallDisk(bytes: 1 << 20, at: test.directory.path + "/disk") else { return }
        let path = disk.path + "/state.db"
        var store = try await test.conversations(at: path, deadline: .milliseconds(300))
        try await store.save("6", "notes", update: 1)
        try await store.whole()
        test.databases.set(.refuse)
        disk.fill()
        try await store.fillUp()
        let saved = try await store.save("7", "model", ["nickname": "Pump 🔧"], update: 2)
        try await store.clear("6", update: 3)
        #expect(saved.placement == Placement(storedIn: [.memory], isDurable: false))
        for _ in 1...2 {
            await store.close()
            #expect(FileManager.default.fileExists(atPath: test.stateJournalPath))
            #expect(fileMode(test.stateJournalPath) == 0o600)
            store = try await test.conversations(at: path, deadline: .milliseconds(300))
            let state = try #require(try await store.load("7"))
            #expect(state.revision == saved.revision && state.data == ["nickname": "Pump 🔧"])
            #expect(state.storedIn == [.memory])
            #expect(try await store.load("6") == nil)
            // A repeated update gets the same result.
            let again = try await store.save("7", "other", update: 2)
            #expect(again.revision == saved.revision && !again.placement.isDurable)
        }
        disk.free()
        test.databases.set(.pass)
        try await store.whole()
        #expect(!FileManager.default.fileExists(atPath: test.stateJournalPath))
        #expect(try await store.load("7")?.storedIn == [.neon, .sqlite, .memory])
        await store.close()
        let local = try test.records(ConversationTable.self, at: path)
        #expect(try await test.databases.conversations() == local)
        #expect(local.contains { $0.revision == saved.revision })
    }

    /// With PostgreSQL up, a write is durable although the disk is full, and its result says so.
    @Test func `A machine added on a full disk with PostgreSQL up: durable`() async throws {
        let test = try await StoreUnderTest(2)
        guard let disk = SmallDisk(bytes: 1 << 20, at: test.directory.path + "/disk") else { return }
        let store = try await test.machines(at: disk.path + "/library.db")
        try await store.whole()
        disk.fill()
        for number in 0... {
            let added = try await store.add("Filler \(number)", user: "filler")
            #expect(added.isDurable && added.machine.storedIn.contains(.neon))
            if !added.machine.storedIn.contains(.sqlite) { break }
        }
        let added = try await store.add("Pump")
        #expect(added.isDurable && Set(added.machine.storedIn).isSuperset(of: [.neon, .memory]))
        #expect(!added.machine.storedIn.contains(.sqlite))
        #expect(store.status.health == .degraded && !store.status.isMemoryOnly)
        disk.free()
        try await store.whole()
        await store.close()
        let local = try test.records(MachineTable.self, at: disk.path + "/library.db")
        for index in 0..<2 { #expect(try await test.databases.machines(on: index) == local) }
    }

    enum Damage: CaseIterable { case header, middle, everything }

    @Test(arguments: Damage.allCases, [false, true])
    func `A broken file: set aside, and its rows merged with the tiers`(
        _ damage: Damage, _ isRunning: Bool
    ) async throws {
        let test = try await StoreUnderTest()
        var store = try await test.conversations()
        for user in 0..<200 {
            try await store.save("\(user)", "model", ["notes": .string(Samples.repeating("x", 1_000))])
        }
        try await store.clear("17")
        try await store.whole()
        await store.close()
        if isRunning { store = try await test.conversations() }
        try Self.damage(test.statePath, damage)
        if !isRunning { store = try await test.conversations() }
        // A call that reads a broken page gets "try again", and then the record is there.
        for user in 0..<200 {
            try await eventually("conversation \(user)") {
                guard case .success(let output) = await store.load(.init(key: key("\(user)")))() else { return false }
                return (output.state?.step == "model") == (user != 17)
            }
        }
        try await store.save("17", "nickname")
        try await store.whole()
        await store.close()
        // The next start finds a broken page that no call of the running store read.
        let replaced = store.status.counters["disk.replaced"] ?? 0
        let salvaged = store.status.counters["disk.salvaged"] ?? 0
        store = try await test.conversations()
        try await store.whole()
        #expect(try await store.load("17")?.step == "nickname")
        await store.close()
        #expect(replaced + (store.status.counters["disk.replaced"] ?? 0) == 1)
        if damage == .middle { #expect(salvaged + (store.status.counters["disk.salvaged"] ?? 0) > 50) }
        let files = try FileManager.default.contentsOfDirectory(atPath: test.directory.path)
        let aside = files.filter { $0.contains("broken") && !$0.contains("-wal") }
        #expect(aside.count == 1 && aside.allSatisfy { $0.hasPrefix("state.db.broken-20270115") }, "\(files)")
        try await test.expectEqualTiers()
    }

    /// No tier is configured, so only the readable rows are kept.
    @Test func `The readable rows of a broken file: kept without a tier`() async throws {
        let test = try await StoreUnderTest()
        func open() async throws -> MachineStore {
            try await MachineStore(path: test.libraryPath, memoryLimit: 4 << 20, now: test.clock.now)
        }
        var library = try await open()
        for number in 0..<300 { try await library.add("Machine \(number)") }
        await library.close()
        try Self.damage(test.libraryPath, .middle)
        library = try await open()
        try await eventually("it is found out") {
            _ = await library.add(
                .init(requestID: UUID().uuidString.lowercased(), userID: "8", details: .init(nickname: "New")))()
            return library.status.counters["disk.replaced"] == 1
        }
        let salvaged = try #require(library.status.counters["disk.salvaged"])
        #expect(salvaged > 100)
        await library.close()
        library = try await test.machines()
        try await library.whole()
        #expect(try await test.databases.machines().count >= Int(salvaged))
        await library.close()
        try await test.expectEqualTiers()
    }

    @Test func `Invalid JSON: quarantined, and its person is asked to begin again`() async throws {
        let test = try await StoreUnderTest()
        var store = try await test.conversations()
        for user in ["7", "8"] { try await store.save(user, "model", ["nickname": "Pump"]) }
        try await store.whole()
        await store.close()
        try Database(test.statePath).rows(
            "UPDATE conversation_states SET state_data = '{\"nickname\": \"Pu' WHERE user_id = '7'")
        store = try await test.conversations()
        let state = try #require(try await store.load("7"))
        #expect(state.step == ConversationRecord.unreadableStep && state.data.isEmpty)
        #expect(try await store.load("8")?.step == "model")
        let kept = try Database(test.statePath).rows("SELECT key, content FROM quarantine")
        #expect(kept.count == 1 && kept[0][1]?.contains("{\"nickname\": \"Pu") == true)
        // The gateway clears it, and a new conversation begins.
        try await store.clear("7")
        try await store.save("7", "nickname")
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }

    private func key(_ user: String) -> ConversationKey { ConversationKey(userID: user, chatID: user) }

    private static func damage(_ path: String, _ damage: Damage) throws {
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        let range =
            switch damage {
            case .header: 0..<100
            case .middle: (size / 2 / 4_096 * 4_096)..<(size / 2 / 4_096 * 4_096 + 3 * 4_096)
            case .everything: 0..<size
            }
        let file = try FileHandle(forUpdating: URL(filePath: path))
        try file.seek(toOffset: UInt64(range.lowerBound))
        try file.write(contentsOf: Data(repeating: 0xA5, count: range.count))
        try file.close()
    }
}

private func fileMode(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
}
