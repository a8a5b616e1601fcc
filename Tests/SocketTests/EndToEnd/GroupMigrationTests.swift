import Contracts
import Foundation
import TelegramSimulator
import TestSupport
import Testing

/// A group becomes a supergroup, which has another id and begins its message ids again, while people add machines.
@Suite(.serialized, .withProcesses)
struct GroupMigrationTests {
    private static let group: Int64 = -77
    private static let supergroup: Int64 = -1_001_000_000_077
    private static let environment = ["RIVET_SEND_LIMITS": "none"]
    private static let entry = MachineEntry(
        answers: ["Pump", "Siemens", nil, "SN 1", "Hall 3", "noisy"], photo: "plate")

    /// Ada's entry is open in the group, with her photo, and `step` is asked.
    private func begin(_ rivet: RivetUnderTest, upTo step: Int) async throws -> Person {
        await rivet.telegram.group(Self.group, title: "Hall 3")
        let ada = await rivet.telegram.user(42).in(Self.group)
        try await ada.sendPhoto(fileID: "plate", caption: "/addmachine@rivet_bot")
        _ = try await ada.nextMessage(containing: MachineEntry.questions[0])
        if step > 0 { try await Self.entry.tell(ada, through: step - 1) }
        return ada
    }

    /// The question that is repeated in the supergroup, or the reply to the last answer if it was owed. It replies to
    /// no message: the one that it had was in the group, and its id means another message here.
    private func repeated(_ rivet: RivetUnderTest, _ step: Int) async throws -> BotMessage {
        let question = try await rivet.telegram.nextBotMessage(
            in: Self.supergroup, containing: MachineEntry.questions[step], timeout: .seconds(20))
        // It mentions its person, so that the app of this person opens a reply.
        #expect(question.replyTo == nil && question.asksForReply && question.text.hasPrefix("👤"))
        return question
    }

    /// Ada replies to the last question in the supergroup, and goes on to the end.
    private func finish(_ rivet: RivetUnderTest, from step: Int, isAlone: Bool = true) async throws {
        let ada = await rivet.telegram.user(42).in(Self.supergroup)
        try await Self.entry.tell(ada, from: step)
        try await rivet.waitUntilAllDone()
        // In each chat a question may be repeated; none comes out of order, and none is left out.
        if isAlone {
            let asked = await rivet.questionsAsked(in: Self.group) + rivet.questionsAsked(in: Self.supergroup)
            #expect(asked.reduce(into: []) { if $0.last != $1 { $0.append($1) } } == MachineEntry.steps)
        }
        try rivet.expectRows(of: 42, [Self.entry])
    }

    @Test(arguments: 0...5, [CrashTests.Victim.gateway, .state, .library])
    func `At each step, with a kill around it: nothing lost, one machine`(
        _ step: Int, _ victim: CrashTests.Victim
    ) async throws {
        try await RivetUnderTest.run(Self.environment) { rivet in
            _ = try await begin(rivet, upTo: step)
            let processes = victim.processes(rivet)
            if step.isMultiple(of: 2) { try rivet.kill(processes) }
            try await rivet.telegram.migrate(group: Self.group, to: Self.supergroup, by: 43)
            // Others talk in the supergroup: its first message ids are taken.
            for _ in 0..<9 { await rivet.telegram.talk("hi", from: 43, chat: Self.supergroup) }
            if !step.isMultiple(of: 2) { try rivet.kill(processes) }
            for process in processes.reversed() { try process.start() }
            _ = try await repeated(rivet, step)
            try await finish(rivet, from: step)
        }
    }

    @Test(arguments: [[MigrationNotice.inSupergroup, .inGroup], [.inGroup], [.inSupergroup]])
    func `Service messages in the other order, or only one of them: the same`(_ told: [MigrationNotice]) async throws {
        try await RivetUnderTest.run(Self.environment) { rivet in
            _ = try await begin(rivet, upTo: 2)
            try await rivet.telegram.migrate(group: Self.group, to: Self.supergroup, by: 43, told: told)
            _ = try await repeated(rivet, 2)
            // Twice told, asked once.
            try await rivet.waitUntilAllDone()
            #expect(await rivet.telegram.botMessageCount(in: Self.supergroup) == 1)
            // The next process finds it in the tiers.
            try rivet.kill([rivet.gateway])
            try rivet.gateway.start()
            try await finish(rivet, from: 2)
        }
    }

    /// Told by a service message, or only by the refusal of the question after an absence. The next process finishes
    /// what this one began.
    @Test(
        arguments: ["gateway.before-group", "gateway.after-group", "gateway.after-group-asked"],
        [[MigrationNotice.inGroup], []])
    func `Killed between two durable steps of a migration: the question is repeated`(
        _ point: String, _ told: [MigrationNotice]
    ) async throws {
        try await RivetUnderTest.run(Self.environment) { rivet in
            _ = try await begin(rivet, upTo: 2)
            try await rivet.waitUntilAllDone()
            #expect(try rivet.gateway.stop() == 0)
            try await rivet.telegram.migrate(group: Self.group, to: Self.supergroup, by: 43, told: told)
            if told.isEmpty {
                try FileManager.default.removeItem(atPath: rivet.gateway.stateDirectory + "/gateway.heard")
            }
            try rivet.gateway.launch(["RIVET_KILL_AT": point])
            try await eventually("it is killed") { try !rivet.gateway.process.isRunning }
            #expect(try rivet.gateway.process.wait() == 128 + SIGKILL)
            try rivet.gateway.start()
            _ = try await repeated(rivet, 2)
            try await finish(rivet, from: 2)
        }
    }

    /// An answer in the group whose reply could not leave: the reply comes in the supergroup, once.
    @Test func `A reply that is owed to the group: comes in the supergroup`() async throws {
        try await RivetUnderTest.run(Self.environment) { rivet in
            let ada = try await begin(rivet, upTo: 2)
            await rivet.telegram.fail("sendMessage", with: .tooManyRequests(retryAfterSeconds: 1))
            try await ada.send("/skip")
            try await eventually("the answer is stored") { try rivet.step(of: 42, in: Self.group) == "serial" }
            #expect(try rivet.gateway.stop() == 0)
            try await rivet.telegram.migrate(group: Self.group, to: Self.supergroup, by: 43)
            try rivet.gateway.start()
            await rivet.telegram.heal()
            let question = try await rivet.telegram.nextBotMessage(
                in: Self.supergroup, containing: "Skipped model", timeout: .seconds(20))
            #expect(question.replyTo == nil && question.asksForReply)
            try await finish(rivet, from: 3)
            #expect(
                await rivet.telegram.allBotMessages(in: Self.supergroup).filter { $0.text.contains("Skipped model") }
                    .count == 1)
        }
    }

    /// Telegram's refusal of a message to the old id tells it, too; also the allow-list.
    @Test func `Neither service message: learned from the refusal of the next message`() async throws {
        let environment = Self.environment.merging(["RIVET_ALLOWED_USERS": "\(Self.group)"]) { $1 }
        try await RivetUnderTest.run(environment) { rivet in
            _ = try await begin(rivet, upTo: 2)
            try await rivet.waitUntilAllDone()
            #expect(try rivet.gateway.stop() == 0)
            try await rivet.telegram.migrate(group: Self.group, to: Self.supergroup, by: 43, told: [])
            // After an absence, the question is repeated.
            try FileManager.default.removeItem(atPath: rivet.gateway.stateDirectory + "/gateway.heard")
            try rivet.gateway.start()
            #expect(try await repeated(rivet, 2).text.contains("Welcome back"))
            try await finish(rivet, from: 2)
        }
    }

    /// The answer's own reply has the next question.
    @Test func `An answer in progress: its question is not repeated`() async throws {
        try await RivetUnderTest.run(Self.environment) { rivet in
            let ada = try await begin(rivet, upTo: 0)
            try await rivet.waitUntilAllDone()
            // The nickname is checked in the library.
            try rivet.kill([rivet.library])
            try await ada.send(Self.entry.answers[0] ?? "")
            try await eventually("the answer waits") { try !rivet.isNothingParked() }
            let told = try await rivet.telegram.migrate(group: Self.group, to: Self.supergroup, by: 43)
            for update in told { try await rivet.telegram.waitUntilConfirmed(update, timeout: .seconds(20)) }
            #expect(await rivet.telegram.botMessageCount(in: Self.supergroup) == 0)
            try rivet.library.start()
            _ = try await rivet.telegram.nextBotMessage(
                in: Self.supergroup, containing: "✅ Nickname: Pump", timeout: .seconds(20))
            try await finish(rivet, from: 1)
        }
    }

    /// Parked in the group and in the supergroup: the order is that in which they were sent.
    @Test func `Answers that wait in both chats: taken in order, through a kill`() async throws {
        try await RivetUnderTest.run(Self.environment) { rivet in
            let ada = try await begin(rivet, upTo: 0)
            try await rivet.waitUntilAllDone()
            try rivet.kill([rivet.library])
            try await ada.send(Self.entry.answers[0] ?? "")
            try await eventually("the first waits") { try !rivet.isNothingParked() }
            try await rivet.telegram.migrate(group: Self.group, to: Self.supergroup, by: 43)
            // In privacy mode these must be commands or replies.
            await rivet.telegram.setPrivacyMode(false)
            let there = ada.in(Self.supergroup)
            for text in ["Siemens", "skip", "SN 1"] { try await there.send("@rivet_bot " + text) }
            try await rivet.telegram.waitUntilAllConfirmed(timeout: .seconds(20))
            try rivet.kill([rivet.gateway])
            try rivet.gateway.start()
            try rivet.library.start()
            try await Self.entry.expectReply(there, to: 3)
            try await finish(rivet, from: 4)
        }
    }

    @Test func `Two people: each is asked by name and continues`() async throws {
        try await RivetUnderTest.run(Self.environment) { rivet in
            _ = try await begin(rivet, upTo: 2)
            let bob = await rivet.telegram.user(43).in(Self.group)
            try await bob.send("/addmachine@rivet_bot Valve")
            _ = try await bob.nextMessage(containing: "✅ Nickname: Valve")
            try await rivet.waitUntilAllDone()
            try await rivet.telegram.migrate(group: Self.group, to: Self.supergroup, by: 44)
            for _ in 1...2 {
                let question = try await rivet.telegram.nextBotMessage(
                    in: Self.supergroup, containing: "in-progress entry", timeout: .seconds(20))
                #expect(question.asksForReply && question.text.hasPrefix("👤"))
            }
            let there = bob.in(Self.supergroup)
            try await there.send("Festo")
            #expect(try await there.nextMessage(containing: "✅ Manufacturer: Festo").replyTo != nil)
            try await finish(rivet, from: 2, isAlone: false)
            #expect(try rivet.rows(of: 43) == [])
        }
    }

    /// The host is another one, or the disk of the gateway is lost: the tiers have it.
    @Test(arguments: [0, 1])
    func `The gateway's files lost: an answer in the supergroup still finds its entry`(_ answers: Int) async throws {
        try await RivetUnderTest.run(Self.environment) { rivet in
            _ = try await begin(rivet, upTo: 2)
            try await rivet.telegram.migrate(group: Self.group, to: Self.supergroup, by: 43)
            _ = try await repeated(rivet, 2)
            let ada = await rivet.telegram.user(42).in(Self.supergroup)
            if answers > 0 { try await Self.entry.tell(ada, from: 2, through: 2) }
            try await rivet.waitUntilAllDone()
            #expect(try rivet.gateway.stop() == 0)
            let directory = rivet.gateway.stateDirectory
            let files = try FileManager.default.contentsOfDirectory(atPath: directory)
            for file in files where file.hasPrefix("gateway.") {
                try FileManager.default.removeItem(atPath: "\(directory)/\(file)")
            }
            // Sent while the gateway is down, so that it is the first that the next process hears.
            try await ada.send(Self.entry.answers[2 + answers] ?? "/skip")
            try rivet.gateway.start()
            try await Self.entry.expectReply(ada, to: 2 + answers)
            try await finish(rivet, from: 3 + answers)
        }
    }
}
