import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// kill -9 at any moment: the next message is answered as if nothing had happened.
@Suite(.serialized, .withProcesses)
struct CrashTests {
    enum Victim: String, CaseIterable, CustomTestStringConvertible {
        case gateway, state, library, all
        case gatewayAndState = "gateway and state"
        var testDescription: String { rawValue }

        func processes(_ rivet: RivetUnderTest) -> [RivetProcess] {
            switch self {
            case .gateway: [rivet.gateway]
            case .state: [rivet.state]
            case .library: [rivet.library]
            case .all: rivet.all
            case .gatewayAndState: [rivet.gateway, rivet.state]
            }
        }
    }

    /// Killed after the reply of each of the six steps; the answer is sent after the restart, or while the services are
    /// down.
    @Test(arguments: [Victim.gateway, .state, .library, .all], [false, true])
    func `A kill at each step: the entry is completed as if nothing had happened`(
        _ victim: Victim, answersWhileDown: Bool
    ) async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.peculiar
            try await MachineEntry.begin(ada)
            for step in 0...5 {
                try rivet.kill(victim.processes(rivet))
                if answersWhileDown { try await ada.send(entry.answers[step] ?? "/skip") }
                for process in victim.processes(rivet).reversed() { try process.start() }
                if !answersWhileDown {
                    #expect(try rivet.step(of: 42) == MachineEntry.steps[step])
                    try await ada.send(entry.answers[step] ?? "/skip")
                }
                try await entry.expectReply(ada, to: step)
            }
            // A kill after the end: nothing begins again.
            try rivet.kill(victim.processes(rivet))
            for process in victim.processes(rivet).reversed() { try process.start() }
            try await ada.send("/library")
            _ = try await ada.nextMessage(containing: "1 item", timeout: .seconds(20))
            #expect(try rivet.step(of: 42) == nil)
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps)
            try await rivet.waitUntilAllDone()
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// A reply that was about to be sent at a kill is sent again after 0.3 s in place of minutes.
    private static let repeating = ["RIVET_REPEAT_AFTER_MS": "300"]

    static let gatewayPoints = [
        "gateway.received", "gateway.before-save", "gateway.after-save", "gateway.before-send", "gateway.after-send",
        "gateway.before-settle", "gateway.after-settle", "gateway.before-add", "gateway.after-add",
        "gateway.before-clear",
        "gateway.after-clear", "gateway.before-photo", "gateway.after-photo",
    ]

    /// The gateway is killed at the point with nearly every message: the update that it was restarted for comes again
    /// and passes, and the next one kills it.
    @Test(arguments: gatewayPoints)
    func `A gateway killed between two durable steps: the conversation is completed`(_ point: String) async throws {
        try await RivetUnderTest.run(Self.repeating, gateway: ["RIVET_KILL_AT": point]) { rivet in
            try await converse(rivet, [rivet.gateway], point)
        }
    }

    @Test(arguments: ["store.before-commit", "store.after-commit"], [Victim.state, .library])
    func `A store killed between two durable steps: the conversation is completed`(
        _ point: String, _ victim: Victim
    ) async throws {
        try await RivetUnderTest.run { rivet in
            for process in victim.processes(rivet) { try process.restart(["RIVET_KILL_AT": point]) }
            try await converse(rivet, victim.processes(rivet), point)
        }
    }

    /// A whole conversation with a photo, while `processes` are killed at `point` and started again.
    func converse(_ rivet: RivetUnderTest, _ processes: [RivetProcess], _ point: String) async throws {
        let deaths = try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                var deaths = 0
                while !Task.isCancelled {
                    for process in processes where try !process.process.isRunning {
                        guard try process.process.wait() == 128 + SIGKILL else {
                            throw NotInTime(
                                description: "\(process.binary.rawValue) ended with \(try process.process.wait())")
                        }
                        deaths += 1
                        guard deaths < 40 else { throw NotInTime(description: "it dies again and again") }
                        try process.launch(["RIVET_KILL_AT": "\(point):2"])
                    }
                    try? await Task.sleep(for: .milliseconds(5))
                }
                return deaths
            }
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.peculiar
            try await ada.sendPhoto(fileID: "plate")
            let offer = try await ada.nextMessage(containing: "equipment", timeout: .seconds(20))
            try await ada.tap("save_to_library", on: offer.messageID)
            while true {
                let message = try await ada.nextMessage(timeout: .seconds(20))
                if message.text.contains(MachineEntry.questions[0]) { break }
            }
            try await entry.tell(ada)
            try await rivet.waitUntilAllDone(timeout: .seconds(20))
            group.cancelAll()
            let deaths = try await group.next() ?? 0
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps)
            for process in processes {
                try process.process.killNow()
                try process.start()
            }
            #expect(try rivet.step(of: 42) == nil)
            for process in rivet.all { try process.stop() }
            let rows = try rivet.rows(of: 42)
            #expect(rows.count == 1)
            #expect(rows.first.map { Array($0.dropLast()) } == entry.answers)
            #expect(rows.first?.last??.contains("plate") == true)
            return deaths
        }
        print("\(point), \(processes.map(\.binary.rawValue)): died \(deaths) times")
        #expect(deaths > 0, "nothing passed \(point)")
    }

    /// Six people at once, while each service is killed at random points.
    @Test func `All services killed at random: everyone completes their entries`() async throws {
        let (deathsMax, people) = (60, (1...6).map { Int64($0) })
        try await RivetUnderTest.run(Self.repeating) { rivet in
            let deaths = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    var random = SeededGenerator("All services killed at random")
                    var deaths = 0
                    for process in rivet.all { try process.restart(Self.doom(of: process, &random)) }
                    while !Task.isCancelled {
                        for process in rivet.all where try !process.process.isRunning {
                            deaths += 1
                            try process.launch(deaths < deathsMax ? Self.doom(of: process, &random) : [:])
                        }
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                    return deaths
                }
                try await withThrowingTaskGroup(of: Void.self) { conversations in
                    for id in people {
                        let person = await rivet.telegram.user(id)
                        conversations.addTask {
                            for round in 1...3 {
                                try await MachineEntry.begin(person)
                                try await Self.entry(of: id, round).tell(person, timeout: .seconds(40))
                            }
                        }
                    }
                    try await conversations.waitForAll()
                }
                group.cancelAll()
                return try await group.next() ?? 0
            }
            print("All services killed at random: they died \(deaths) times")
            for process in rivet.all { try process.restart() }
            try await rivet.waitUntilAllDone(timeout: .seconds(20))
            for process in rivet.all { try process.stop() }
            for id in people {
                #expect(try rivet.rows(of: id) == (1...3).map { Self.entry(of: id, $0).row }, "user \(id)")
                #expect(
                    await rivet.questionsAsked(in: id) == MachineEntry.steps + MachineEntry.steps + MachineEntry.steps,
                    "user \(id)")
            }
            #expect(
                try Database(rivet.state.databasePath).rows("SELECT count(*) FROM conversation_states WHERE closed = 0")
                    == [["0"]])
        }
    }

    private static func entry(of id: Int64, _ round: Int) -> MachineEntry {
        MachineEntry(answers: (1...6).map { $0 == round + 1 ? nil : "<\(id)> 🔧 \(round).\($0) &amp;" })
    }

    private static func doom(of process: RivetProcess, _ random: inout SeededGenerator) -> [String: String] {
        let points = process.binary == .gateway ? gatewayPoints : ["store.before-commit", "store.after-commit"]
        return [
            "RIVET_KILL_AT": "\(points.randomElement(using: &random) ?? ""):\(Int.random(in: 1...4, using: &random))"
        ]
    }

    /// Each update is delivered again, to the gateway that handled it and to its successor.
    @Test func `Updates delivered again: change nothing`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.peculiar
            var updates = [try await ada.send("/addmachine")]
            _ = try await ada.nextMessage(containing: MachineEntry.questions[0])
            for step in 0...5 {
                let state = try rivet.state.client().result("state.load", conversation("42"))["state"]
                for update in updates { try await rivet.telegram.redeliver(update) }
                if step.isMultiple(of: 2) {
                    try rivet.kill([rivet.gateway])
                    for update in updates { try await rivet.telegram.redeliver(update) }
                    try rivet.gateway.start()
                }
                updates.append(try await ada.send(entry.answers[step] ?? "/skip"))
                try await entry.expectReply(ada, to: step)
                #expect(state?["step"] == .string(MachineEntry.steps[step]))
            }
            for restart in [false, true] {
                if restart { try rivet.kill(rivet.all) }
                for update in updates { try await rivet.telegram.redeliver(update) }
                if restart { for process in rivet.all.reversed() { try process.start() } }
                try await ada.send("/library")
                _ = try await ada.nextMessage(containing: "1 item", timeout: .seconds(20))
                #expect(try rivet.step(of: 42) == nil)
            }
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps)
            try rivet.expectRows(of: 42, [entry])
        }
    }

    @Test func `Messages sent while the gateway was down: answered in order`() async throws {
        try await RivetUnderTest.run { rivet in
            let (ada, bob) = (await rivet.telegram.user(42), await rivet.telegram.user(43))
            try rivet.kill(rivet.all)
            let entry = MachineEntry.peculiar
            // The two people write alternately.
            for (index, text) in (["/addmachine"] + entry.answers.map { $0 ?? "/skip" }).enumerated() {
                try await ada.send(text)
                try await bob.send(index == 0 ? "/addmachine" : "Bob's \(index)")
            }
            for process in rivet.all.reversed() { try process.start() }
            _ = try await ada.nextMessage(containing: "Saved to Library", timeout: .seconds(20))
            _ = try await bob.nextMessage(containing: "Saved to Library", timeout: .seconds(20))
            for chat in [Int64(42), 43] { #expect(await rivet.questionsAsked(in: chat) == MachineEntry.steps) }
            try await rivet.waitUntilAllDone()
            for process in rivet.all { try process.stop() }
            #expect(try rivet.rows(of: 42) == [entry.row])
            #expect(try rivet.rows(of: 43) == [(1...6).map { "Bob's \($0)" } + [nil]])
        }
    }

    @Test func `Update IDs that go down: handled as any others`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await entry.tell(
                ada,
                before: { step in
                    if step == 2 { await rivet.telegram.jumpUpdateIDs(to: 1_000) }
                    if step == 4 { await rivet.telegram.jumpUpdateIDs(to: 900_000_000) }
                })
            try rivet.expectRows(of: 42, [entry])
        }
    }
}
