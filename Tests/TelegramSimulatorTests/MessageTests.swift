import Contracts
import Testing

@testable import TelegramSimulator

@Suite struct MessageTests {
    let harness = SimulatorHarness()

    private static func keyboard(_ buttons: JSONValue...) -> [String: JSONValue] {
        ["reply_markup": ["inline_keyboard": [.array(buttons)]]]
    }

    private static func button(_ label: String, _ data: String) -> JSONValue {
        ["text": .string(label), "callback_data": .string(data)]
    }

    @Test func `A message: stored with its formatting, keyboard, topic and reply`() throws {
        try harness.say("hello")
        let sent = try #require(
            harness.sendMessage(
                " <b>Pump</b> &lt;1&gt; ",
                Self.keyboard(Self.button("Skip", "s")).merging([
                    "parse_mode": "HTML", "message_thread_id": 7, "reply_parameters": ["message_id": 1],
                ]) { $1 })?.value)
        #expect(sent["message_thread_id"] == 7)
        #expect(sent["text"] == "Pump <1>")
        #expect(sent["entities"] == [["type": "bold", "offset": 0, "length": 4]])
        #expect(sent["reply_to_message"]?["text"] == "hello")
        let message = try #require(harness.next(thread: 7))
        #expect(message.text == "Pump <1>" && message.html == " <b>Pump</b> &lt;1&gt; ")
        #expect(message.labels == ["Skip"] && message.button("s")?.label == "Skip")
        #expect(message.replyTo == 1 && message.thread == 7 && !message.isEdit)
    }

    @Test func `Messages that Telegram refuses: refused with its words`() {
        #expect(harness.failure("sendMessage", ["chat_id": 1, "text": "a"]) == "Bad Request: chat not found")
        #expect(harness.failure("sendMessage", ["text": "a"]) == "Bad Request: chat_id is empty")
        #expect(harness.sendFailure("") == "Bad Request: message text is empty")
        #expect(harness.sendFailure(" \n ") == "Bad Request: text must be non-empty")
        #expect(harness.sendFailure("a", ["parse_mode": "XML"]) == "Bad Request: unsupported parse_mode")
        #expect(
            harness.sendFailure("a", ["reply_parameters": ["message_id": 9]])
                == "Bad Request: message to be replied not found")
        #expect(
            harness.sendFailure("a", ["reply_parameters": ["message_id": 9, "allow_sending_without_reply": true]])
                == nil)
    }

    @Test func `The length of a message: counts UTF-16 units after parsing`() {
        #expect(harness.sendFailure(String(repeating: "x", count: 4096)) == nil)
        #expect(harness.sendFailure(String(repeating: "x", count: 4097)) == "Bad Request: message is too long")
        #expect(harness.sendFailure(String(repeating: "😀", count: 2049)) == "Bad Request: message is too long")
        let html: [String: JSONValue] = ["parse_mode": "HTML"]
        #expect(harness.sendFailure("<b>" + String(repeating: "&amp;", count: 4096) + "</b>", html) == nil)
    }

    @Test func `Buttons: checked`() {
        let invalid = "Bad Request: BUTTON_DATA_INVALID"
        #expect(harness.sendFailure("a", Self.keyboard(Self.button("x", String(repeating: "d", count: 64)))) == nil)
        #expect(
            harness.sendFailure("a", Self.keyboard(Self.button("x", String(repeating: "d", count: 65)))) == invalid)
        #expect(harness.sendFailure("a", Self.keyboard(Self.button("x", String(repeating: "é", count: 33)))) == invalid)
        #expect(harness.sendFailure("a", Self.keyboard(Self.button("x", ""))) == invalid)
        #expect(harness.sendFailure("a", Self.keyboard(Self.button(" ", "d")))?.contains("non-empty") == true)
        #expect(harness.sendFailure("a", Self.keyboard(["text": "x"]))?.contains("Text buttons are unallowed") == true)
        let row = JSONValue.array((0..<101).map { Self.button("\($0)", "d") })
        #expect(
            harness.sendFailure("a", ["reply_markup": ["inline_keyboard": [row]]])
                == "Bad Request: reply markup is too long")
        #expect(harness.sendFailure("a", ["reply_markup": "{"])?.contains("can't parse reply keyboard") == true)
        let spelled = #"{"inline_keyboard":[[{"text":"x","callback_data":"d"}]]}"#
        #expect(harness.sendFailure("a", ["reply_markup": .string(spelled)]) == nil)
    }

    @Test func `An edit: replaces the message, and an unchanged one is refused`() throws {
        harness.sendMessage("a", Self.keyboard(Self.button("x", "d")))
        let edit: [String: JSONValue] = ["chat_id": 42, "message_id": 1, "text": "b"]
        #expect(harness.call("editMessageText", edit)?.value?["text"] == "b")
        #expect(harness.failure("editMessageText", edit)?.hasPrefix("Bad Request: message is not modified: ") == true)
        #expect(
            harness.failure("editMessageReplyMarkup", ["chat_id": 42, "message_id": 1])?.contains("not modified")
                == true)
        #expect(
            harness.failure("editMessageText", ["chat_id": 42, "message_id": 9, "text": "b"])
                == "Bad Request: message to edit not found")
        try harness.say("mine")
        #expect(
            harness.failure("editMessageText", ["chat_id": 42, "message_id": 2, "text": "b"])
                == "Bad Request: message can't be edited")
        let spoken = harness.core.messages.spoken(in: 42)
        #expect(spoken.map(\.isEdit) == [false, true] && spoken[1].buttons.isEmpty)
    }

    @Test func `The deletion of a missing message: fails`() {
        harness.sendMessage("a")
        #expect(harness.call("deleteMessage", ["chat_id": 42, "message_id": 1]) == .result(true))
        #expect(
            harness.failure("deleteMessage", ["chat_id": 42, "message_id": 1])
                == "Bad Request: message to delete not found")
    }

    @Test func `A tap: acknowledged once and soon`() throws {
        harness.sendMessage("a", Self.keyboard(Self.button("Skip", "s")))
        _ = try harness.change { try $0.personTaps("Skip", on: nil, by: 42, at: Place(chat: 42), at: $1) }
        let query = try #require(harness.call("getUpdates")?.value?.arrayValue?[0]["callback_query"])
        #expect(query["data"] == "s" && query["message"]?["text"] == "a")
        let answer: [String: JSONValue] = ["callback_query_id": query["id"] ?? .null, "text": "ok"]
        #expect(harness.call("answerCallbackQuery", answer) == .result(true))
        let tooOld = "Bad Request: query is too old and response timeout expired or query ID is invalid"
        #expect(harness.failure("answerCallbackQuery", answer) == tooOld)
        #expect(harness.core.callbacks.answered.map(\.text) == ["ok"])

        let late = harness.core.callbacks.tapped("s", by: 42, at: harness.now)
        harness.advance(.seconds(15.1))
        #expect(harness.failure("answerCallbackQuery", ["callback_query_id": .string(late)]) == tooOld)
    }

    @Test func `A button: can be tapped only while it is shown`() {
        harness.sendMessage("a", Self.keyboard(Self.button("Skip", "s")))
        #expect(throws: SimulatorError.self) {
            try harness.change { try $0.personTaps("Back", on: nil, by: 42, at: Place(chat: 42), at: $1) }
        }
    }

    @Test func `A stale tap: may have no message`() throws {
        _ = try harness.change { try $0.personTapsData("old", on: 9, by: 42, in: 42, at: $1) }
        let query = harness.call("getUpdates")?.value?.arrayValue?[0]["callback_query"]
        #expect(query?["message"]?["date"] == 0)
    }

    @Test func `A blocked bot: gets an update about it`() throws {
        #expect(harness.change { $0.setBarrier(.blocked, in: 42, at: $1) } == 100)
        #expect(harness.sendFailure("a") == "Forbidden: bot was blocked by the user")
        #expect(harness.change { $0.setBarrier(nil, in: 42, at: $1) } == 101)
        #expect(harness.sendFailure("a") == nil)
        let update = harness.call("getUpdates")?.value?.arrayValue?[0]["my_chat_member"]
        #expect(update?["new_chat_member"]?["status"] == "kicked")
    }

    @Test func `A migrated group: names its successor`() throws {
        _ = try harness.change { try $0.migrate(-5, to: -1_000_000_000_007, by: 42, at: $1) }
        let failure = harness.call("sendMessage", ["chat_id": -5, "text": "a"])?.failure
        #expect(failure?.parameters == ["migrate_to_chat_id": -1_000_000_000_007])
        #expect(harness.call("sendMessage", ["chat_id": -1_000_000_000_007, "text": "a"])?.value != nil)
    }

    @Test func `Commands and the bot's identity: stored and returned`() {
        let commands: JSONValue = [["command": "start", "description": "Begin"]]
        #expect(harness.call("setMyCommands", ["commands": .string(commands.text)]) == .result(true))
        #expect(harness.core.commands == [MenuCommand(command: "start", description: "Begin")])
        #expect(
            harness.failure("setMyCommands", ["commands": [["command": "/Start", "description": "x"]]])
                == "Bad Request: BOT_COMMAND_INVALID")
        #expect(harness.call("GETME")?.value?["is_bot"] == true)
        #expect(harness.failure("noSuchThing", [:]) == "Not Found: method not found")
    }

    @Test func `A message over a rate limit: refused with retry_after`() {
        harness.core.rateLimiter = RateLimiter(SimulatedRateLimits(chatBurst: 2))
        #expect(harness.sendFailure("1") == nil && harness.sendFailure("2") == nil)
        let failure = harness.sendMessage("3")?.failure
        #expect(failure?.code == 429 && failure?.parameters == ["retry_after": 1])
        harness.advance(.seconds(1))
        #expect(harness.sendFailure("3") == nil)

        harness.core.rateLimiter = RateLimiter(SimulatedRateLimits(groupPerMinute: 1))
        harness.core.people.add(SimulatedChat(id: -5))
        #expect(harness.failure("sendMessage", ["chat_id": -5, "text": "a"]) == nil)
        #expect(
            harness.failure("sendMessage", ["chat_id": -5, "text": "a"]) == "Too Many Requests: retry after 60")
    }

    @Test func `Topics and the whole chat: read separately`() {
        harness.sendMessage("general")
        harness.sendMessage("topic", ["message_thread_id": 7])
        #expect(harness.next(thread: 7)?.text == "topic")
        #expect(harness.next(thread: 7) == nil)
        #expect(harness.next()?.text == "general")
        #expect(harness.next()?.text == "topic")
    }
}
