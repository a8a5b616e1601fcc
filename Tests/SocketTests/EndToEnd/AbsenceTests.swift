import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// After an absence of the bot, people in the middle of an entry get their question again, since a tap may have been
/// lost.
@Suite(.serialized, .withProcesses)
struct AbsenceTests {
    static let welcome = "Welcome back"

    /// Stops the gateway, and changes its note so that it will seem to have been away for `duration`.
    func stop(_ rivet: RivetUnderTest, awayFor duration: Duration) throws {
        #expect(try rivet.gateway.stop() == 0)
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        let heard = now.advanced(by: .zero - duration)
        try heard.description.write(
            toFile: rivet.gateway.stateDirectory + "/gateway.heard", atomically: true, encoding: .utf8)
    }

    private func note(_ rivet: RivetUnderTest) throws -> Timestamp {
        let text = try String(contentsOfFile: rivet.gateway.stateDirectory + "/gateway.heard", encoding: .utf8)
        return try #require(Timestamp(parsing: text))
    }

    func welcomes(_ rivet: RivetUnderTest, in chat: Int64) async -> Int {
        await rivet.telegram.allBotMessages(in: chat).filter { $0.text.contains(Self.welcome) }.count
    }

    @Test func `After a long absence: everyone with an open entry gets the question again`() async throws {
        try await RivetUnderTest.run { rivet in
            let (ada, bob, cy, eve) = (
                await rivet.telegram.user(42), await rivet.telegram.user(43), await rivet.telegram.user(44),
                await rivet.telegram.user(45)
            )
            let entry = MachineEntry.plain("Pump")
            for person in [ada, bob, cy] { try await MachineEntry.begin(person) }
            try await entry.tell(ada, through: 0)
            try await entry.tell(bob, through: 0)
            try await cy.send("/cancel")
            _ = try await cy.nextMessage(containing: "Cancelled")
            await rivet.telegram.group(-1_001_000_042, title: "Hall 3", isForum: true)
            let inHall = eve.in(-1_001_000_042, thread: 7)
            try await inHall.send("/addmachine@rivet_bot")
            _ = try await inHall.nextMessage(containing: MachineEntry.questions[0])

            try stop(rivet, awayFor: .seconds(200))
            let before = try note(rivet)
            try await bob.send("Siemens")
            try rivet.gateway.start()
            // An answer that was sent meanwhile gets its reply, and nothing more is needed.
            try await entry.expectReply(bob, to: 1)
            let asked = try await ada.nextMessage(containing: Self.welcome)
            #expect(asked.text.contains("Pump") && asked.text.contains(MachineEntry.questions[1]))
            #expect(asked.labels.contains("⏭️ Skip"))
            let askedThere = try await inHall.nextMessage(containing: Self.welcome)
            #expect(askedThere.text.contains(MachineEntry.questions[0]))
            // The buttons of the new message work.
            try await ada.tap("⏭️ Skip")
            _ = try await ada.nextMessage(containing: MachineEntry.questions[2])
            #expect(try rivet.step(of: 42) == "model")
            try await eventually("it is noted that this is over") {
                try note(rivet) > before.advanced(by: .seconds(190))
            }
            for person: Int64 in [43, 44, 45] { #expect(await welcomes(rivet, in: person) == 0) }

            // The next process repeats no question.
            try rivet.gateway.restart()
            try await entry.tell(ada, from: 2, through: 2)
            #expect(await welcomes(rivet, in: 42) == 1)
        }
    }

    @Test func `After a short absence: no question is repeated`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try stop(rivet, awayFor: .seconds(100))
            try rivet.gateway.start()
            try await entry.tell(ada)
            #expect(await welcomes(rivet, in: 42) == 0)
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// The gateway is killed before the first welcome, and before the second.
    @Test(arguments: [1, 2])
    func `People who were not asked before a kill: asked after it`(_ send: Int) async throws {
        try await RivetUnderTest.run { rivet in
            let people = (await rivet.telegram.user(42), await rivet.telegram.user(43))
            for person in [people.0, people.1] { try await MachineEntry.begin(person) }
            try stop(rivet, awayFor: .seconds(200))
            let doomed = try rivet.gateway.launch(["RIVET_KILL_AT": "gateway.before-send:\(send)"])
            #expect(doomed.wait() == 128 + SIGKILL)
            #expect(await welcomes(rivet, in: 42) + welcomes(rivet, in: 43) == send - 1)
            try rivet.gateway.start()
            for person in [people.0, people.1] {
                _ = try await person.nextMessage(containing: Self.welcome)
                try await MachineEntry.plain("Pump").tell(person)
            }
            for chat: Int64 in [42, 43] { #expect(await welcomes(rivet, in: chat) == 1) }
        }
    }

    @Test func `After each of several absences: asked once until an answer comes`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            for absence in 1...3 {
                try stop(rivet, awayFor: .seconds(200))
                let before = try note(rivet)
                try rivet.gateway.start()
                try await eventually("the absence is over") { try note(rivet) > before.advanced(by: .seconds(190)) }
                #expect(await welcomes(rivet, in: 42) == 1, "absence \(absence)")
            }
            _ = try await ada.nextMessage(containing: Self.welcome)
            try await entry.tell(ada, through: 2)
            try stop(rivet, awayFor: .seconds(200))
            try rivet.gateway.start()
            #expect(try await ada.nextMessage(containing: Self.welcome).text.contains(MachineEntry.questions[3]))
            try await entry.tell(ada, from: 3)
            try await rivet.waitUntilAllDone()
            #expect(await welcomes(rivet, in: 42) == 2)
            try rivet.expectRows(of: 42, [entry])
        }
    }

    @Test func `A person who is no longer allowed: not asked`() async throws {
        try await RivetUnderTest.run { rivet in
            let (ada, bob) = (await rivet.telegram.user(42), await rivet.telegram.user(43))
            for person in [ada, bob] { try await MachineEntry.begin(person) }
            try stop(rivet, awayFor: .seconds(200))
            try rivet.gateway.start(["RIVET_ALLOWED_USERS": "42"])
            _ = try await ada.nextMessage(containing: Self.welcome)
            try await eventually("it is over") { rivet.gateway.log.contains("back after a long absence") }
            #expect(await welcomes(rivet, in: 43) == 0)
        }
    }
}
