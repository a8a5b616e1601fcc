import TelegramSimulator
import TestSupport
import Testing

/// Telegram's limit for a group. The test waits for minutes and computes nothing, so it runs beside the other tests.
@Suite(.withProcesses)
struct GroupLimitTests {
    /// Telegram accepts 20 messages a minute: the last of 45 comes after two minutes at the earliest.
    @Test func `45 people in one group: each answered once, within 1.25 times the shortest time`() async throws {
        try await RivetUnderTest.run(["RIVET_LOG_LEVEL": "info"]) { rivet in
            let hall: Int64 = -1_001_000_000_001
            await rivet.telegram.group(hall, title: "Hall 3")
            let people = (1...45).map { Int64($0) }
            for id in people { await rivet.telegram.user(id) }
            try await rivet.telegram.waitForPoll()
            let began = ContinuousClock.now
            for id in people { try await rivet.telegram.send("/help@rivet_bot", from: id, chat: hall) }
            // A person outside the group waits for nothing.
            let zoe = await rivet.telegram.user(99)
            _ = try await zoe.ask("/help", timeout: .seconds(20))
            let shortest: Duration = .seconds(60 * ((people.count - 1) / 20))
            try await rivet.expectSaid(people.count + 1, by: shortest, since: began)
            #expect(await rivet.telegram.botMessageCount(in: hall) == people.count)
        }
    }
}
