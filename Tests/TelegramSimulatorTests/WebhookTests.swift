import Contracts
import Testing

@testable import TelegramSimulator

/// The simulated delivery by webhook.
@Suite struct SimulatedWebhookTests {
    private static let url = "https://bot.example.org/hook"

    private let harness = SimulatorHarness()

    /// The deliveries that started since the last call.
    private func deliveries() -> [WebhookDelivery] {
        harness.core.takeActions().compactMap { action in
            guard case .deliver(let delivery) = action else { return nil }
            return delivery
        }
    }

    private func set(_ more: [String: JSONValue] = [:]) {
        harness.core.isDelivering = true
        #expect(harness.call("setWebhook", ["url": .string(Self.url)].merging(more) { $1 })?.value == true)
    }

    private func end(_ delivery: WebhookDelivery, _ outcome: WebhookOutcome) {
        harness.change { core, now in core.deliveryEnded(delivery, outcome, at: now) }
    }

    @Test func `Updates of one chat: one after the other, each after the one before was accepted`() throws {
        set()
        for text in ["a", "b"] { try harness.say(text) }
        let first = deliveries()
        #expect(first.map(\.updateID) == [100])
        #expect(!harness.core.isConfirmed(100))
        end(first[0], .answered(status: 200))
        #expect(harness.core.isConfirmed(100))
        #expect(deliveries().map(\.updateID) == [101])
    }

    @Test func `Updates of several chats: concurrent, up to the number of connections`() throws {
        set(["max_connections": 2, "secret_token": "s"])
        for id in [1, 2, 3] as [Int64] {
            harness.core.people.add(SimulatedUser(id: id, firstName: "P"))
            _ = try harness.core.personSends("x", from: id, at: Place(chat: id, thread: nil), at: harness.now)
        }
        let begun = deliveries()
        #expect(begun.map(\.updateID) == [100, 101] && begun.allSatisfy { $0.secret == "s" })
        end(begun[1], .answered(status: 204))
        #expect(deliveries().map(\.updateID) == [102])
    }

    @Test func `A failed delivery: repeated after growing waits, and reported`() throws {
        set()
        try harness.say("a")
        var delivery = deliveries()[0]
        for wait in [1, 2, 4] {
            end(delivery, .answered(status: 503))
            #expect(deliveries().isEmpty)
            harness.advance(.milliseconds(wait * 1_000 - 1))
            #expect(deliveries().isEmpty)
            harness.advance(.milliseconds(1))
            delivery = try #require(deliveries().first)
        }
        let info = harness.call("getWebhookInfo")?.value
        #expect(info?["last_error_message"] == "Wrong response from the webhook: 503 Service Unavailable")
        #expect(info?["pending_update_count"] == 1 && info?["url"] == .string(Self.url))
        end(delivery, .answered(status: 200))
        #expect(harness.call("getWebhookInfo")?.value?["pending_update_count"] == 0)
    }

    @Test func `Polls while a webhook is set: refused, and a waiting poll ends`() throws {
        let waiting = harness.start("getUpdates", ["timeout": 30])
        set()
        #expect(harness.reply(to: waiting)?.failure?.code == 409)
        #expect(harness.failure("getUpdates", [:])?.contains("while webhook is active") == true)
        try harness.say("a")
        #expect(harness.call("deleteWebhook")?.value == true)
        #expect(harness.poll() == [100])
        #expect(harness.core.statistics.droppedPending == 0)
    }

    @Test(arguments: [
        ("http://bot.example.org", "HTTPS URL"), ("https://bot.example.org:8080/x", "ports 80, 88, 443 or 8443"),
    ])
    func `An address that Telegram does not accept: refused`(_ url: String, _ words: String) {
        #expect(harness.failure("setWebhook", ["url": .string(url)])?.contains(words) == true)
        #expect(harness.core.webhook == nil)
        #expect(harness.failure("setWebhook", ["url": .string(Self.url), "secret_token": "a b"]) != nil)
    }
}
