import Contracts
import Testing

@testable import TelegramSimulator

@Suite struct PollingTests {
    let harness = SimulatorHarness()

    @Test func `Update IDs: sequential, and the updates stay until confirmed`() throws {
        for text in ["a", "b", "c"] { try harness.say(text) }
        #expect(harness.poll() == [100, 101, 102])
        #expect(harness.poll() == [100, 101, 102])
        #expect(harness.poll(102) == [102])
        #expect(harness.core.isConfirmed(101) && !harness.core.isConfirmed(102))
        #expect(harness.poll(103) == [])
        #expect(harness.poll(100) == [])
    }

    @Test(arguments: [1, 99, 104, 9_000_000])
    func `An offset outside the queue: starts at the head`(offset: Int64) throws {
        for text in ["a", "b", "c"] { try harness.say(text) }
        #expect(harness.poll(offset) == [100, 101, 102])
    }

    @Test func `The limit: applied and clamped`() throws {
        for number in 0..<130 { try harness.say("\(number)") }
        #expect(harness.poll(100, limit: 2) == [100, 101])
        #expect(harness.poll(100, limit: 0).count == 100)
        #expect(harness.poll(100, limit: 101).count == 100)
    }

    @Test func `A negative offset: discards updates and is counted`() throws {
        for text in ["a", "b", "c"] { try harness.say(text) }
        #expect(harness.poll(-1) == [102])
        #expect(harness.poll() == [102])
        #expect(harness.core.statistics.negativeOffsets == 1)
    }

    @Test func `A long poll: waits for an update`() throws {
        let call = harness.start("getUpdates", ["timeout": 30])
        #expect(harness.core.takeActions() == [.wake(call, at: harness.now + .seconds(30))])
        try harness.say("a")
        #expect(harness.reply(to: call)?.updateIDs == [100])
    }

    @Test func `A long poll: ends empty after its timeout, at most fifty seconds`() {
        let call = harness.start("getUpdates", ["timeout": 600])
        harness.advance(.milliseconds(49_900))
        #expect(harness.reply(to: call) == nil)
        harness.advance(.milliseconds(100))
        #expect(harness.reply(to: call) == .result([]))
    }

    @Test func `A second poll: ends the first one with a conflict`() throws {
        let first = harness.start("getUpdates", ["timeout": 30])
        let second = harness.start("getUpdates", ["timeout": 30])
        let failure = try #require(harness.reply(to: first)?.failure)
        #expect(failure.code == 409)
        #expect(failure.description.hasPrefix("Conflict: terminated by other getUpdates request; make sure"))
        try harness.say("a")
        #expect(harness.reply(to: second)?.updateIDs == [100])
    }

    @Test func `A poll whose connection is lost: ends`() throws {
        let call = harness.start("getUpdates", ["timeout": 30])
        harness.core.connectionLost(call)
        try harness.say("a")
        #expect(harness.reply(to: call) == nil)
        #expect(harness.poll() == [100])
    }

    @Test func `The same offset twice within half a second: gets one update`() throws {
        for text in ["a", "b", "c"] { try harness.say(text) }
        #expect(harness.poll(100) == [100, 101, 102])
        harness.advance(.milliseconds(499))
        #expect(harness.call("getUpdates", ["offset": 100])?.updateIDs == [100])
        harness.advance(.milliseconds(501))
        #expect(harness.call("getUpdates", ["offset": 100])?.updateIDs == [100, 101, 102])
    }

    @Test func `The allowed updates: applied and remembered`() throws {
        harness.call("getUpdates", ["allowed_updates": .string(#"["message"]"#)])
        harness.call("getUpdates", ["offset": 1])
        #expect(harness.change { $0.enqueue("edited_message", [:], at: $1) } == nil)
        #expect(throws: SimulatorError.self) {
            let message = try harness.core.personSends("a", from: 42, at: Place(chat: 42), at: harness.now)
            _ = try harness.core.personEdits(message.messageID, to: "b", in: 42, at: harness.now)
        }
        harness.call("getUpdates", ["allowed_updates": []])
        #expect(harness.change { $0.enqueue("edited_message", [:], at: $1) } != nil)
        #expect(harness.change { $0.enqueue("chat_member", [:], at: $1) } == nil)
    }

    @Test func `Messages: kept for a day, and taps for 150 seconds`() throws {
        try harness.say("a")
        _ = harness.change { $0.enqueue("callback_query", [:], at: $1) }
        harness.now += .seconds(149)
        #expect(harness.call("getUpdates")?.updateIDs == [100, 101])
        harness.now += .seconds(2)
        #expect(harness.call("getUpdates", ["offset": 1])?.updateIDs == [100])
        harness.now += .seconds(24 * 3600)
        #expect(harness.call("getUpdates")?.updateIDs == [])
        #expect(!harness.core.isConfirmed(100))
    }

    @Test func `IDs that jump down: offsets follow the order of the queue`() throws {
        try harness.say("a")
        try harness.say("b")
        harness.core.updates.jump(to: 7)
        try harness.say("c")
        try harness.say("d")
        #expect(harness.poll() == [100, 101, 7, 8])
        #expect(harness.poll(102) == [7, 8])
        #expect(harness.poll(8) == [8])
        try harness.say("e")
        #expect(harness.poll(102) == [8, 9])
        #expect(harness.poll(10) == [])
    }

    @Test func `A redelivered update: comes again whatever the offset`() throws {
        try harness.say("a")
        try harness.say("b")
        #expect(harness.poll(102) == [])
        #expect(harness.change { $0.redeliver(100, at: $1) })
        #expect(!harness.core.isConfirmed(100))
        #expect(harness.poll(102) == [100])
        #expect(harness.poll(102) == [])
        #expect(harness.core.isConfirmed(100))
        #expect(!harness.change { $0.redeliver(555, at: $1) })
    }

    @Test func `Injected updates: keep their IDs`() throws {
        try harness.say("a")
        #expect(harness.change { $0.inject(["update_id": 5_000, "message": [:]], at: $1) } == 5_000)
        #expect(harness.change { $0.inject(["poll": [:]], at: $1) } == 101)
        #expect(harness.poll() == [100, 5_000, 101])
        #expect(harness.poll(5_001) == [101])
    }

    @Test func `Dropped pending updates: counted`() throws {
        try harness.say("a")
        harness.call("deleteWebhook", ["drop_pending_updates": true])
        #expect(harness.poll() == [])
        #expect(harness.core.statistics.droppedPending == 1)
    }
}
