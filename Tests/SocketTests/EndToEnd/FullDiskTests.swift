import Contracts
import Foundation
import TelegramSimulator
import TestSupport
import Testing

/// A disk that fills during a conversation: memory keeps it, and Telegram keeps the updates.
@Suite(.serialized, .withProcesses)
struct FullDiskTests {
    /// Fills the disk until rivet-state can write nothing more to its file.
    private func fillUp(_ disk: SmallDisk, _ rivet: RivetUnderTest) throws {
        disk.fill()
        // Free space inside the files is used up first.
        let client = try rivet.state.client()
        for number in 0... {
            let saved = try client.result(
                "state.save", saving("filler", step: "s\(number)", data: ["x": .string(of: "x", 4_000)]))
            if saved["durable"] == false { break }
        }
    }

    @Test func `A full disk: reported to the person, and Telegram keeps the update`() async throws {
        let directory = try TestDirectory()
        guard let disk = SmallDisk(bytes: 4 * 1_048_576, at: directory.path + "/disk") else {
            print("not tested: only root may mount a small disk to fill")
            return
        }
        try await RivetUnderTest.run(["RIVET_STATE_DIR": disk.path], in: directory) { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await rivet.waitUntilAllDone()
            try fillUp(disk, rivet)
            let update = try await ada.send("Pump")
            let reply = try await ada.nextMessage()
            #expect(reply.text.contains("✅") && reply.text.contains("held in memory only"))
            try await entry.tell(ada, from: 1, through: 2)
            #expect(await !rivet.telegram.isConfirmed(update))
            // The gateway may be killed: Telegram has the update, and the memory of rivet-state has its effect.
            try rivet.kill([rivet.gateway])
            try rivet.gateway.start()
            try await entry.tell(ada, from: 3, through: 3)
            #expect(await !rivet.telegram.isConfirmed(update))
            disk.free()
            try await rivet.waitUntilAllDone(timeout: .seconds(60))
            try await entry.tell(ada, from: 4)
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps)
            try await rivet.waitUntilAllDone()
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// A whole entry that only memory has, then a kill of the processes that have it in memory.
    @Test(arguments: CrashTests.Victim.allCases)
    func `A machine that only memory has: not lost in a kill`(_ victim: CrashTests.Victim) async throws {
        let directory = try TestDirectory()
        guard let disk = SmallDisk(bytes: 4 * 1_048_576, at: directory.path + "/disk") else { return }
        try await RivetUnderTest.run(["RIVET_STATE_DIR": disk.path], in: directory) { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.peculiar
            try await rivet.telegram.waitForPoll()
            disk.fill()
            let (state, library) = (try rivet.state.client(), try rivet.library.client())
            for number in 0... {
                let saved = try state.result(
                    "state.save", saving("filler", step: "s\(number)", data: ["x": .string(of: "x", 4_000)]))
                if saved["durable"] == false { break }
            }
            for number in 0... {
                let added = try library.result(
                    "library.add", adding("filler", "M \(number)", ["notes": .string(of: "x", 2_000)]))
                if added["durable"] == false { break }
            }
            try await MachineEntry.begin(ada)
            try await entry.tell(ada)
            let said = try #require(await rivet.telegram.allBotMessages(in: 42).last)
            #expect(said.text.contains("held in memory only"))
            #expect(await rivet.telegram.unconfirmedCount > 0)
            try rivet.kill(victim.processes(rivet))
            disk.free()
            for process in victim.processes(rivet).reversed() { try process.start() }
            try await rivet.waitUntilAllDone(timeout: .seconds(60))
            #expect(try rivet.step(of: 42) == nil)
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// rivet-state is killed with all that only its memory had: Telegram still has the updates.
    @Test func `Memory lost in a kill: restored from Telegram's updates`() async throws {
        let directory = try TestDirectory()
        guard let disk = SmallDisk(bytes: 4 * 1_048_576, at: directory.path + "/disk") else { return }
        try await RivetUnderTest.run(["RIVET_STATE_DIR": disk.path], in: directory) { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await rivet.waitUntilAllDone()
            try fillUp(disk, rivet)
            try await entry.tell(ada, through: 2)
            try rivet.kill(rivet.all)
            disk.free()
            for process in rivet.all.reversed() { try process.start() }
            try await rivet.waitUntilAllDone(timeout: .seconds(40))
            #expect(try rivet.step(of: 42) == "serial")
            try await entry.tell(ada, from: 3)
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// Telegram shows a hundred updates at a time, and keeps those whose effect only memory has.
    @Test func `Only memory left, 300 people write: a hundred are answered, the others when a disk is back`()
        async throws
    {
        let directory = try TestDirectory()
        guard let disk = SmallDisk(bytes: 4 * 1_048_576, at: directory.path + "/disk") else { return }
        let manager = try ServiceManager(in: directory)
        try await RivetUnderTest.run(["RIVET_STATE_DIR": disk.path], gateway: manager.environment(), in: directory) {
            rivet in
            let people = (1...300).map { Int64($0) }
            for id in people { await rivet.telegram.user(id) }
            try await rivet.telegram.waitForPoll()
            try fillUp(disk, rivet)
            for id in people { try await rivet.telegram.send("/addmachine", from: id) }
            try await rivet.telegram.waitForBotMessages(100, timeout: .seconds(60))
            try manager.next("that new messages wait", within: .seconds(30)) {
                $0.hasPrefix("STATUS=") && $0.contains("new messages wait at Telegram")
            }
            var heard: [Int64: [String]] = [:]
            for id in people { heard[id] = await rivet.telegram.allBotMessages(in: id).map(\.text) }
            #expect(people.filter { heard[$0] != [] } == Array(people.prefix(100)))
            #expect(people.prefix(100).allSatisfy { heard[$0]?.count == 1 })
            #expect(people.prefix(100).allSatisfy { heard[$0]?.first?.contains("memory only") == true })

            disk.free()
            try await rivet.telegram.waitForBotMessages(people.count, timeout: .seconds(60))
            try await rivet.waitUntilAllDone(timeout: .seconds(60))
            try await rivet.expectNothingOwed()
            for id in people { heard[id] = await rivet.telegram.allBotMessages(in: id).map(\.text) }
            #expect(people.filter { heard[$0]?.count != 1 } == [])
            #expect(people.filter { heard[$0]?.last?.contains("memory only") == true } == Array(people.prefix(100)))
            #expect(try people.filter { try rivet.step(of: $0) != "nickname" } == [])
        }
    }
}
