import Contracts
import TelegramSimulator
import TestSupport
import Testing

/// A tap is acknowledged, whatever is unavailable, and its acknowledgment delays nothing.
@Suite(.serialized, .withProcesses)
struct TapTests {
    private func answered(_ rivet: RivetUnderTest, _ count: Int) async throws {
        try await eventually("\(count) taps are answered", within: .seconds(5)) {
            await rivet.telegram.answeredCallbacks.count == count
        }
    }

    @Test func `A tap acknowledgment that Telegram accepts slowly: delays no reply`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry(answers: ["Pump", nil, "3RQ2000", "SN1", "Hall 3", "none"])
            try await MachineEntry.begin(ada)
            try await entry.tell(ada, through: 0)
            await rivet.telegram.fail("answerCallbackQuery", with: .delay(.seconds(10)))
            let began = ContinuousClock.now
            try await ada.tap("⏭️ Skip")
            try await entry.expectReply(ada, to: 1)
            #expect(ContinuousClock.now - began < .seconds(5))
            try await answered(rivet, 1)
            // It does not delay the next one in its lane either.
            try await entry.tell(ada, from: 2)
            #expect(ContinuousClock.now - began < .seconds(9))
            try await rivet.waitUntilAllDone(timeout: .seconds(20))
            try rivet.expectRows(of: 42, [entry])
        }
    }

    @Test func `A tap that needs a stopped library: acknowledged, and its reply comes when it is back`()
        async throws
    {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry(answers: ["Pump", "Siemens", "3RQ2000", "SN1", "Hall 3", nil])
            try await MachineEntry.begin(ada)
            try await entry.tell(ada, through: 4)
            try rivet.library.stop()
            try await ada.tap("⏭️ Skip")
            try await answered(rivet, 1)
            try rivet.library.start()
            try await entry.expectReply(ada, to: 5, timeout: .seconds(40))
            try await rivet.waitUntilAllDone()
            #expect(await rivet.telegram.answeredCallbacks.count == 1)
            try rivet.expectRows(of: 42, [entry])
        }
    }

    @Test func `A tap in a chat that must wait: acknowledged at once`() async throws {
        try await RivetUnderTest.run { rivet in
            let ada = await rivet.telegram.user(42)
            let entry = MachineEntry(answers: ["Pump", nil, "3RQ2000", "SN1", "Hall 3", "none"])
            try await MachineEntry.begin(ada)
            try await entry.tell(ada, through: 0)
            await rivet.telegram.failNext("sendMessage", with: .tooManyRequests(retryAfterSeconds: 6))
            let began = ContinuousClock.now
            try await ada.tap("⏭️ Skip")
            try await answered(rivet, 1)
            try await entry.expectReply(ada, to: 1)
            #expect(ContinuousClock.now - began >= .seconds(6))
            try await entry.tell(ada, from: 2)
            try rivet.expectRows(of: 42, [entry])
        }
    }
}
