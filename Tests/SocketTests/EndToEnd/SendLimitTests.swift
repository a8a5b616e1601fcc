import Contracts
import TelegramSimulator
import TestSupport
import Testing

/// Many messages within Telegram's limits, with the time measured. These tests run apart from the other tests of
/// processes: if the simulated Telegram gets no processor for a second, the messages of two seconds arrive in one, and
/// it refuses them.
@Suite(.serialized, .withProcesses)
struct SendLimitTests {
    /// Telegram accepts 30 messages a second: the last of 1,000 comes after 33 s at the earliest. Each response takes
    /// 0.3 s.
    @Test func `1,000 people at once: each answered once, within 1.25 times the shortest time`() async throws {
        try await RivetUnderTest.run(["RIVET_LOG_LEVEL": "info"]) { rivet in
            let people = (1...1_000).map { Int64($0) }
            for id in people { await rivet.telegram.user(id) }
            try await rivet.telegram.waitForPoll()
            await rivet.telegram.fail("sendMessage", with: .delay(.milliseconds(300)))
            let began = ContinuousClock.now
            for id in people { try await rivet.telegram.send("/help", from: id) }
            let shortest: Duration = .seconds((people.count - 1) / 30)
            try await rivet.expectSaid(people.count, by: shortest, since: began)
            for id in people { #expect(await rivet.telegram.botMessageCount(in: id) == 1, "person \(id)") }
        }
    }

    @Test(arguments: [false, true])
    func `One person forwards 300 messages: replies to another person come within 2 s`(_ arePhotos: Bool) async throws {
        try await RivetUnderTest.run(["RIVET_LOG_LEVEL": "info"]) { rivet in
            let (ada, bob) = (await rivet.telegram.user(42), await rivet.telegram.user(43))
            try await rivet.telegram.waitForPoll()
            for number in 1...300 {
                _ = try await arePhotos ? ada.sendPhoto(fileID: "photo-\(number)") : ada.send("forwarded \(number)")
            }
            var longest: Duration = .zero
            for _ in 1...10 {
                let began = ContinuousClock.now
                _ = try await bob.ask("/help", timeout: .seconds(20))
                longest = max(longest, ContinuousClock.now - began)
            }
            print("another's reply in a flood took at most \(longest)")
            #expect(longest <= .seconds(2))
            #expect(await rivet.telegram.botMessageCount(in: 43) == 10)
        }
    }
}
