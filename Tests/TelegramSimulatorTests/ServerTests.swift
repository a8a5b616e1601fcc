import Contracts
import Testing

@testable import TelegramSimulator

@Suite(.timeLimit(.minutes(1))) struct ServerTests {
    /// Runs `body` with a started simulator, a person and a bot.
    private func withSimulator(
        _ body: (TelegramSimulator, Person, BotClient) async throws -> Void
    ) async throws {
        let simulator = TelegramSimulator()
        try await simulator.start()
        let ada = await simulator.user(42, firstName: "Ada")
        try await body(simulator, ada, await BotClient(simulator))
        await simulator.stop()
    }

    @Test func `A conversation: works over HTTP`() async throws {
        try await withSimulator { telegram, ada, bot in
            let update = try await ada.send("/start")
            let got = try await bot.call("getUpdates", ["timeout": 10]).result?.arrayValue?.first
            #expect(got?["message"]?["text"] == "/start" && got?["message"]?["from"]?["first_name"] == "Ada")
            try await bot.call(
                "sendMessage",
                [
                    "chat_id": 42, "text": "<b>Hi</b>", "parse_mode": "HTML",
                    "reply_markup": ["inline_keyboard": [[["text": "Skip", "callback_data": "skip"]]]],
                ])
            #expect(try await ada.nextMessage().text == "Hi")
            async let poll = bot.call("getUpdates", ["offset": .integer(update + 1), "timeout": 10])
            try await telegram.waitForPoll()
            let tap = try await ada.tap("Skip")
            let query = try await poll.result?.arrayValue?.first
            #expect(query?["update_id"] == .integer(tap) && query?["callback_query"]?["data"] == "skip")
            try await bot.call("answerCallbackQuery", ["callback_query_id": query?["callback_query"]?["id"] ?? nil])
            #expect(await telegram.answeredCallbacks.map(\.data) == ["skip"])
            try await telegram.waitUntilConfirmed(update)
            #expect(await telegram.unconfirmedCount == 1)
            #expect(await telegram.requests("getUpdates") == 2)
        }
    }

    @Test func `Parameters: accepted in every form`() async throws {
        try await withSimulator { telegram, ada, bot in
            let path = "/bot\(telegram.token)/sendMessage"
            let queried = try await bot.get(path + "?chat_id=42&text=a%20b+c")
            #expect(queried.result?["text"] == "a b c")
            let form = "chat_id=42&text=%C3%A9%26+x"
            let type = "application/x-www-form-urlencoded"
            #expect(try await bot.post(path, form, type: type).result?["text"] == "é& x")
            let json = #"{"text":"body wins","chat_id":42}"#
            #expect(try await bot.post(path + "?text=q", json, type: "application/json").result?["text"] == "body wins")
            #expect(try await bot.post(path, "{", type: "application/json").status == 400)
        }
    }

    @Test func `Wrong tokens and paths: refused with Telegram's statuses`() async throws {
        try await withSimulator { telegram, _, bot in
            let other = await BotClient(telegram, token: "1:wrong")
            let answer = try await other.call("getMe")
            #expect(answer.json == ["ok": false, "error_code": 401, "description": "Unauthorized"])
            #expect(try await bot.get("/botnonsense/getMe").status == 404)
            #expect(try await bot.get("/elsewhere").status == 404)
            #expect(try await bot.call("noSuchThing").status == 404)
            #expect(try await bot.get("/bot\(telegram.token)/getme").status == 200)
        }
    }

    @Test func `The state: survives a restart on the same port`() async throws {
        try await withSimulator { telegram, ada, bot in
            let url = await telegram.baseURL
            let update = try await ada.send("kept")
            await telegram.stop()
            await #expect(throws: (any Error).self) { try await bot.call("getMe") }
            #expect(try await telegram.start() == url)
            let updates = try await bot.call("getUpdates").result?.arrayValue
            #expect(updates?.first?["update_id"] == .integer(update))
        }
    }

    @Test func `A stop: ends a long poll without a response`() async throws {
        try await withSimulator { telegram, ada, bot in
            let poll = Task { try await bot.call("getUpdates", ["timeout": 50]) }
            try await telegram.waitForPoll()
            try await telegram.restart()
            await #expect(throws: (any Error).self) { try await poll.value }
            try await ada.send("later")
            #expect(try await bot.call("getUpdates").result?.arrayValue?.count == 1)
        }
    }

    @Test func `A client that goes away: ends its poll`() async throws {
        try await withSimulator { telegram, _, bot in
            let poll = Task { try await bot.call("getUpdates", ["timeout": 50]) }
            try await telegram.waitForPoll()
            poll.cancel()
            try await telegram.wait(for: "the poll goes on", timeout: .seconds(5)) { core in
                core.poller.waiting == nil ? true : nil
            }
        }
    }

    @Test func `Advanced time: ends a long poll`() async throws {
        try await withSimulator { telegram, _, bot in
            async let poll = bot.call("getUpdates", ["timeout": 50])
            try await telegram.waitForPoll()
            await telegram.advanceTime(by: .seconds(50))
            let result = try await poll.result
            #expect(result == [])
        }
    }

    @Test func `A photo: can be fetched`() async throws {
        try await withSimulator { telegram, _, bot in
            try await telegram.sendPhoto(from: 42, fileID: "p9", caption: "plate", bytes: [1, 2, 3])
            let message = try await bot.call("getUpdates").result?.arrayValue?.first?["message"]
            #expect(message?["caption"] == "plate" && message?["photo"]?.arrayValue?.last?["file_id"] == "p9")
            let path = try await bot.call("getFile", ["file_id": "p9"]).result?["file_path"]?.stringValue ?? ""
            #expect(try await bot.get("/file/bot\(telegram.token)/\(path)").body == [1, 2, 3])
        }
    }

    @Test func `A wait: ends with its timeout or its task`() async throws {
        try await withSimulator { telegram, ada, _ in
            let error = await #expect(throws: SimulatorError.self) {
                try await ada.nextMessage(containing: "x", timeout: .milliseconds(50))
            }
            #expect(error?.description.contains("did not say “x”") == true)
            let waiting = Task { try await ada.nextMessage(timeout: .seconds(60)) }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            await #expect(throws: SimulatorError.self) {
                try await telegram.waitUntilConfirmed(1, timeout: .milliseconds(50))
            }
        }
    }

    @Test func `Other processes: control the server over HTTP`() async throws {
        try await withSimulator { _, _, bot in
            let sent = try await bot.control("send", ["user": 43, "text": "hello"])
            #expect(sent.json?["message_id"]?.integerValue != nil)
            async let waiting = bot.control("wait-for-message", ["chat": 43, "contains": "world"])
            try await bot.call("sendMessage", ["chat_id": 43, "text": "one"])
            try await bot.call(
                "sendMessage",
                [
                    "chat_id": 43, "text": "world",
                    "reply_markup": ["inline_keyboard": [[["text": "Go", "callback_data": "g"]]]],
                ])
            let message = try await waiting.json
            #expect(message?["text"] == "world" && message?["buttons"] == [["label": "Go", "data": "g"]])
            #expect(try await bot.control("tap", ["user": 43, "button": "Go"]).status == 200)
            #expect(try await bot.control("tap", ["user": 43, "button": "No"]).status == 400)
            try await bot.control("fail", ["method": "getMe", "fault": "status", "code": 502, "count": 1])
            #expect(try await bot.call("getMe").status == 502)
            #expect(try await bot.call("getMe").status == 200)
            let state = try await bot.control("state").json
            #expect(state?["unconfirmed"] == 2 && state?["requests"]?["getMe"] == 2)
            #expect(try await bot.control("wait-for-message", ["chat": 43, "timeout_s": "0.05"]).status == 408)
            #expect(try await bot.control("nonsense").status == 404)
            #expect(try await bot.control("send", ["user": 43]).json == ["error": "text is missing"])
        }
    }
}
