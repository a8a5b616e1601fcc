import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// Replies that fail, and a Telegram that refuses calls.
@Suite(.serialized, .withProcesses)
struct TroubleTests {
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var fault: SimulatedFault
        /// Whether the reply may appear twice: the first send took effect, and the gateway cannot know it.
        var mayBeTwice = false
    }

    /// A send with an unknown outcome is repeated after 0.3 s in place of minutes.
    private static let repeating = ["RIVET_REPEAT_AFTER_MS": "300"]

    static let cases = [
        Case(testDescription: "500", fault: .internalError),
        Case(testDescription: "502 with a web page", fault: .badGateway),
        Case(testDescription: "429", fault: .tooManyRequests(retryAfterSeconds: 1)),
        Case(testDescription: "cut off before processing", fault: .closeBeforeReading, mayBeTwice: true),
        Case(testDescription: "cut off after processing", fault: .closeAfterProcessing, mayBeTwice: true),
        Case(testDescription: "cut off in the answer", fault: .truncated, mayBeTwice: true),
        Case(testDescription: "an answer that is no JSON", fault: .garbage, mayBeTwice: true),
        Case(
            testDescription: "can't parse entities", fault: .badRequest("can't parse entities: Unsupported start tag")),
    ]

    /// The reply to each answer fails once.
    @Test(arguments: cases)
    func `A reply that failed: sent again`(_ example: Case) async throws {
        try await RivetUnderTest.run(Self.repeating) { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.peculiar
            try await MachineEntry.begin(ada)
            try await entry.tell(
                ada, before: { _ in await rivet.telegram.failNext("sendMessage", with: example.fault) })
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps)
            try await rivet.waitUntilAllDone()
            let replies = await rivet.telegram.allBotMessages(in: 42).map(\.text)
            // On a slow machine a send without a response in time may appear twice with any fault.
            let counters = try rivet.gateway.client().result("service.health")["counters"]
            if !example.mayBeTwice, counters?["replies.queued"] == 0 { #expect(replies.count == 7, "\(replies)") }
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// A person who blocked the bot gets nothing, delays no one else, and finds the entry unchanged.
    @Test func `A person who blocks the bot: delays no other and finds the entry unchanged`() async throws {
        try await RivetUnderTest.run { rivet in
            let (ada, bob) = (await rivet.telegram.user(42), await rivet.telegram.user(43))
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            await rivet.telegram.failNext("sendMessage", with: .blocked)
            try await ada.send("Pump")
            try await rivet.waitUntilAllDone()
            #expect(await rivet.telegram.botMessageCount(in: 42) == 1)
            try await MachineEntry.begin(bob)
            #expect(try rivet.step(of: 42) == "manufacturer")
            try await entry.tell(ada, from: 1)
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// It comes in the middle of an entry, and it is logged once however often it comes.
    @Test func `An update that cannot be read: settled by its ID, logged and counted`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            try await rivet.telegram.inject(#"{"message":{"date":"yesterday"}}"#)
            try await rivet.telegram.inject(#"{"callback_query":[]}"#)
            try await entry.tell(ada)
            try await rivet.waitUntilAllDone()
            let counters = try rivet.gateway.client().result("service.health")["counters"]
            #expect(counters?["updates.unreadable"] == 2)
            let lines = rivet.gateway.log.split(separator: "\n").filter { $0.contains("cannot be read") }
            #expect(lines.count == 2 && lines[0].contains("kind=message") && lines[1].contains("kind=callback_query"))
            try rivet.expectRows(of: 42, [entry])
        }
    }

    /// A longer outage: the reply is stored, the update is confirmed, and a kill loses nothing.
    @Test(arguments: ["", "gateway.after-outbox", "gateway.after-outbox-send"])
    func `A reply that cannot be sent: kept over kills`(_ point: String) async throws {
        try await RivetUnderTest.run(Self.repeating, gateway: ["RIVET_KILL_AT": point]) { rivet in
            let (ada, bob) = (await rivet.telegram.user(42), await rivet.telegram.user(43))
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            await rivet.telegram.fail("sendMessage", with: .internalError)
            let update = try await ada.send("Pump")
            if point == "gateway.after-outbox" {
                #expect(try rivet.gateway.process.wait() == 128 + SIGKILL)
            } else {
                try await rivet.telegram.waitUntilConfirmed(update, timeout: .seconds(20))
            }
            if point == "gateway.after-outbox-send" {
                await rivet.telegram.heal()
                #expect(try rivet.gateway.process.wait() == 128 + SIGKILL)
            }
            try rivet.kill(rivet.all)
            for process in rivet.all.reversed() { try process.start() }
            try await rivet.telegram.waitForPoll()
            await rivet.telegram.heal()
            try await entry.expectReply(ada, to: 0)
            try await MachineEntry.begin(bob)
            try await entry.tell(ada, from: 1)
            #expect(await rivet.questionsAsked(in: 42) == MachineEntry.steps)
            try await rivet.waitUntilAllDone()
            try rivet.expectRows(of: 42, [entry])
            let open = try Database(rivet.state.databasePath).rows(
                "SELECT conversation_type, state_data FROM conversation_states WHERE closed = 0 AND user_id = '42'")
            #expect(open == [], "something of the reply is still kept")
        }
    }

    @Test(arguments: [
        ("409", SimulatedFault.conflict), ("401", .unauthorized), ("500", .internalError), ("502", .badGateway),
    ])
    func `A Telegram that refuses polls for a while: reported, and then the entry continues`(
        _ name: String, _ fault: SimulatedFault
    ) async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry.plain("Pump")
            try await MachineEntry.begin(ada)
            await rivet.telegram.fail("getUpdates", with: fault)
            let before = await rivet.telegram.requests("getUpdates")
            try await ada.send("Pump")
            try await rivet.telegram.waitForRequests("getUpdates", count: before + 2, timeout: .seconds(20))
            #expect(try rivet.gateway.process.isRunning)
            try await eventually("the health tells of it") {
                try rivet.gateway.client().result("service.health")["status"] != "ok"
            }
            await rivet.telegram.heal()
            try await entry.expectReply(ada, to: 0, timeout: .seconds(40))
            try await eventually("the health is well again") {
                try rivet.gateway.client().result("service.health")["status"] == "ok"
            }
            try await entry.tell(ada, from: 1)
            try rivet.expectRows(of: 42, [entry])
        }
    }
}
