import Contracts
import Testing

@testable import TelegramSimulator

/// What a bot in privacy mode gets of a group, and what `force_reply` does.
@Suite struct PrivacyModeTests {
    private let harness = SimulatorHarness()
    private let hall: Int64 = -100

    private func send(_ text: String, from user: Int64 = 7, replyTo: Int64? = nil) throws -> QueuedMessage {
        try harness.core.personSends(text, from: user, at: Place(chat: hall), replyTo: replyTo, at: .seconds(1))
    }

    private func ask(replyTo: Int64?) throws -> Int64? {
        var parameters: [String: JSONValue] = [
            "chat_id": .integer(hall), "text": "Nickname?", "reply_markup": ["force_reply": true, "selective": true],
        ]
        if let replyTo { parameters["reply_parameters"] = ["message_id": .integer(replyTo)] }
        return try harness.core.sendMessage(CallParameters(parameters), at: .seconds(1))["message_id"]?.integerValue
    }

    @Test(arguments: ["/help", "/help@rivet_bot x", "/A-103"]) func `A command: delivered`(_ text: String) throws {
        #expect(try send(text).messageID == 1)
    }

    @Test(arguments: ["hello", "@rivet_bot hello", "/help@other_bot", "/07/2291", "see /help"])
    func `Other talk: not delivered, and in the chat all the same`(_ text: String) throws {
        #expect(throws: SimulatorError.self) { try send(text) }
        #expect(harness.core.messages[hall, 1]?.content.text == text)
        harness.core.isInPrivacyMode = false
        #expect(try send(text).messageID == 2)
    }

    @Test func `A reply to the bot: delivered`() throws {
        let command = try send("/help")
        let asked = try #require(try ask(replyTo: command.messageID))
        #expect(try send("from another person", from: 8, replyTo: asked).updateID > 0)
    }

    /// The app of the person who is asked opens a reply, once; the apps of the others do not.
    @Test func `A request for a reply: makes the next message of that person a reply`() throws {
        let command = try send("/addmachine")
        let asked = try #require(try ask(replyTo: command.messageID))
        #expect(throws: SimulatorError.self) { try send("hello", from: 8) }
        let answer = try send("Pump")
        #expect(harness.core.messages[hall, answer.messageID]?.replyTo == asked)
        #expect(throws: SimulatorError.self) { try send("and another thing") }
    }
}
