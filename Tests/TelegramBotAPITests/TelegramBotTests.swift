import Foundation
import Logging
import Testing

@testable import TelegramBotAPI

private let secret = "AAF-secret_half_of_the_token"
private let token = "123456:\(secret)"

@Suite(.timeLimit(.minutes(1)))
struct TelegramBotTests {
    func bot(_ url: String) throws -> TelegramBot {
        TelegramBot(
            baseURL: url, token: try BotToken(token), transport: CurlTransport(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// The error of a `sendMessage` that gets this response.
    private func error(status: Int, _ body: String) async throws -> TelegramError {
        let server = try LoopbackServer { _ in .http(status: status, body: body) }
        defer { server.stop() }
        let bot = try bot(server.url)
        do {
            _ = try await bot.sendMessage(chatID: 1, text: "x")
        } catch { return error }
        throw UnexpectedOutcome("no error")
    }

    private func refusal(_ code: Int, _ description: String, _ parameters: String = "{}") -> String {
        #"{"ok":false,"error_code":\#(code),"description":"\#(description)","parameters":\#(parameters)}"#
    }

    @Test func `A request for a reply: selective`() async throws {
        let server = try LoopbackServer { _ in .http(status: 200, body: #"{"ok":true,"result":{}}"#) }
        defer { server.stop() }
        try await bot(server.url).sendMessage(chatID: -5, text: "x", replyMarkup: .askingForReply, replyTo: 8)
        let body = try JSONSerialization.jsonObject(with: Data(server.requests[0].body.utf8)) as? NSDictionary
        #expect(body?["reply_markup"] as? NSDictionary == ["force_reply": true, "selective": true])
    }

    @Test func `A message: sent in the form that Telegram requires`() async throws {
        let server = try LoopbackServer { _ in
            .ok(#"{"message_id":9,"date":1,"chat":{"id":-5,"type":"group"},"text":"x"}"#)
        }
        defer { server.stop() }
        try await bot(server.url + "/").sendMessage(
            chatID: -5, threadID: 3, text: "a <b>ä</b>", parseMode: .html,
            replyMarkup: .buttons(
                InlineKeyboardMarkup(rows: [[InlineKeyboardButton(text: "Skip", callbackData: "s")]])),
            replyTo: 8)
        #expect(server.requests.map(\.path) == ["/bot\(token)/sendMessage"])
        let body = try JSONSerialization.jsonObject(with: Data(server.requests[0].body.utf8)) as? NSDictionary
        #expect(
            body == [
                "chat_id": -5, "message_thread_id": 3, "text": "a <b>ä</b>", "parse_mode": "HTML",
                "link_preview_options": ["is_disabled": true],
                "reply_parameters": ["message_id": 8, "allow_sending_without_reply": true],
                "reply_markup": ["inline_keyboard": [[["text": "Skip", "callback_data": "s"]]]],
            ])
    }

    @Test func `The other methods: called by their names`() async throws {
        let server = try LoopbackServer {
            $0.path.hasSuffix("getMe") ? .ok(#"{"id":7,"is_bot":true,"first_name":"R"}"#) : .ok("true")
        }
        defer { server.stop() }
        let bot = try bot(server.url)
        #expect(try await bot.getMe() == User(id: 7, isBot: true, firstName: "R"))
        try await bot.editMessageText(chatID: 1, messageID: 2, text: "x")
        try await bot.answerCallbackQuery(id: "q", text: "done", showAlert: true)
        try await bot.setMyCommands([BotCommand(command: "help", description: "Help")])
        #expect(
            server.requests.map { $0.path.split(separator: "/").last ?? "" } == [
                "getMe", "editMessageText", "answerCallbackQuery", "setMyCommands",
            ])
    }

    @Test func `A negative offset: never sent`() async throws {
        let server = try LoopbackServer { _ in .ok("[]") }
        defer { server.stop() }
        _ = try await bot(server.url).getUpdates(offset: -1, limit: 500, timeout: .zero)
        _ = try await bot(server.url).getUpdates(offset: 12, timeout: .seconds(50))
        let bodies = try server.requests.map {
            try JSONSerialization.jsonObject(with: Data($0.body.utf8)) as? NSDictionary
        }
        let kinds = ["message", "edited_message", "callback_query", "my_chat_member"]
        #expect(bodies[0] == ["limit": 100, "timeout": 0, "allowed_updates": kinds])
        #expect(bodies[1] == ["offset": 12, "limit": 100, "timeout": 50, "allowed_updates": kinds])
    }

    @Test func `Updates in progress: only their IDs are read`() async throws {
        let message = #""message":{"message_id":4,"date":1,"chat":{"id":1,"type":"private"},"text":"x"}"#
        let server = try LoopbackServer { _ in .ok(#"[{"update_id":1,\#(message)},{"update_id":2,\#(message)}]"#) }
        defer { server.stop() }
        let updates = try await bot(server.url).getUpdates(
            offset: nil, limit: 100, timeout: .zero, allowedUpdates: [.message], underWay: [1])
        #expect(updates[0].update == Update(id: 1, kind: .unknown))
        guard case .message = updates[1].update.kind else { throw UnexpectedOutcome(updates) }
        // The stored JSON is what Telegram sent, and it reads the same.
        #expect(updates[1].json == #"{"update_id":2,\#(message)}"#)
        #expect(Update(json: updates[1].json) == updates[1].update)
    }

    /// One update is nested deeper than a decoder follows, and one has a number that no decoder can represent.
    @Test func `An update that no decoder reads: keeps its ID, and the others are read`() async throws {
        let message = #""message":{"message_id":4,"date":1,"chat":{"id":1,"type":"private"},"text":"x"}"#
        let deep = String(repeating: "[", count: 700) + String(repeating: "]", count: 700)
        let list = [
            #"{"update_id":1,\#(message)}"#, #"{"message":\#(deep),"update_id":2}"#, #"{"update_id":3,\#(message)}"#,
            #"{"update_id":4,"message":{"date":1e999999}}"#, #"{"update_id":"5",\#(message)}"#, "7",
        ]
        let server = try LoopbackServer { _ in .ok("[\(list.joined(separator: " ,\n"))]") }
        defer { server.stop() }
        let updates = try await bot(server.url).getUpdates(offset: nil, timeout: .zero)
        #expect(updates.map(\.id) == [1, 2, 3, 4])
        guard case .message = updates[0].kind, case .message = updates[2].kind else { throw UnexpectedOutcome(updates) }
        #expect(updates[1].kind == .unreadable(.init(kind: "message", byteCount: list[1].utf8.count)))
        #expect(updates[3].kind == .unreadable(.init(kind: "message", byteCount: list[3].utf8.count)))
    }

    @Test(arguments: [
        #"{"ok":true,"result":[{"update_id":1}"#, #"{"ok":true,"result":{}}"#, #"{"ok":true}"#, "<html>", "",
        #"{"ok":"true","result":[]}"#,
    ])
    func `A response to a poll that is cut off or has no list: malformed`(_ body: String) async throws {
        let server = try LoopbackServer { _ in .http(status: 200, body: body) }
        defer { server.stop() }
        let bot = try bot(server.url)
        let error = await #expect(throws: TelegramError.self) {
            try await bot.getUpdates(offset: nil, timeout: .zero)
        }
        #expect(error == .malformedResponse(status: 200))
    }

    @Test func `Refusals: sorted by their codes`() async throws {
        let unknown = "in words that Rivet does not know"
        #expect(try await error(status: 401, refusal(401, "Unauthorized")) == .unauthorized)
        #expect(try await error(status: 404, refusal(404, "Not Found")) == .unauthorized)
        #expect(try await error(status: 409, refusal(409, "Conflict: x")) == .conflict(unknown))
        #expect(
            try await error(status: 409, refusal(409, "Conflict: terminated by other getUpdates request; make sure"))
                == .conflict("terminated by other getUpdates request"))
        #expect(
            try await error(status: 403, refusal(403, "Forbidden: bot was blocked by the user"))
                == .forbidden("bot was blocked by the user"))
        #expect(
            try await error(status: 429, refusal(429, "Too Many", #"{"retry_after":17}"#))
                == .tooManyRequests(retryAfter: .seconds(17)))
        #expect(try await error(status: 429, refusal(429, "Too Many")) == .tooManyRequests(retryAfter: .seconds(5)))
        #expect(
            try await error(status: 400, refusal(400, "x", #"{"migrate_to_chat_id":-1001234567890123}"#))
                == .badRequest(.migrated(to: -1_001_234_567_890_123)))
        #expect(try await error(status: 502, "<html>") == .outcomeUnknown(.serverError(status: 502)))
        #expect(try await error(status: 500, refusal(500, "Internal")) == .outcomeUnknown(.serverError(status: 500)))
    }

    @Test(arguments: [
        ("Bad Request: message is not modified: specified new…", BadRequest.messageNotModified),
        ("Bad Request: can't parse entities: Unsupported start tag", .cannotParseEntities),
        ("Bad Request: query is too old and response timeout expired or query ID is invalid", .queryTooOld),
        ("Bad Request: chat not found", .chatNotFound),
        ("Bad Request: message to edit not found", .messageToEditNotFound),
        ("Bad Request: message text is empty", .other("message text is empty")),
    ])
    func `Bad requests: sorted by their words`(_ words: String, _ kind: BadRequest) async throws {
        let error = try await error(status: 400, refusal(400, words))
        #expect(error == .badRequest(kind))
    }

    /// A proxy's 403 must not make a chat look blocked.
    @Test(arguments: [(200, "{"), (200, ""), (200, #"{"ok":true}"#), (403, "<html>"), (401, "[]"), (302, "")])
    func `A response that is not the Bot API's: malformed`(_ status: Int, _ body: String) async throws {
        let error = try await error(status: status, body)
        #expect(error == .malformedResponse(status: status))
    }

    @Test func `A call that was not sent: distinguished from one with an unknown outcome`() async throws {
        let refused = await #expect(throws: TelegramError.self) {
            try await bot("http://127.0.0.1:\(try LoopbackServer.closedPort())").getMe()
        }
        guard case .notSent? = refused else { throw UnexpectedOutcome("\(String(describing: refused))") }
        let server = try LoopbackServer { _ in .reset }
        defer { server.stop() }
        let broken = await #expect(throws: TelegramError.self) { try await bot(server.url).getMe() }
        guard case .outcomeUnknown(.transport)? = broken else {
            throw UnexpectedOutcome("\(String(describing: broken))")
        }
    }

    @Test func `The token: in no error and no description`() async throws {
        let echo = try LoopbackServer { request in
            let said = "seen \(request.path) and \(secret)"
            return switch request.connection % 4 {
            case 0: .http(status: 400, body: #"{"ok":false,"error_code":400,"description":"\#(said)"}"#)
            case 1: .http(status: 403, body: #"{"ok":false,"error_code":403,"description":"\#(said)"}"#)
            case 2: .http(status: 409, body: #"{"ok":false,"error_code":409,"description":"\#(said)"}"#)
            default: .raw("\(said)\r\n\r\n")
            }
        }
        defer { echo.stop() }
        let closed = "http://127.0.0.1:\(try LoopbackServer.closedPort())"
        let urls = [
            echo.url, echo.url, echo.url, echo.url, closed, "http://[::1", "nonsense://x", "http://127.0.0.1:99999",
        ]
        for url in urls {
            let bot = try bot(url)
            let token = try BotToken(token)
            let error = await #expect(throws: TelegramError.self) { try await bot.getMe() }
            var texts = ["\(bot)", String(reflecting: bot), "\(token)", String(reflecting: token)]
            if let error { texts += ["\(error)", String(reflecting: error), error.localizedDescription] }
            var dumped = ""
            dump(bot, to: &dumped)
            dump(token, to: &dumped)
            dump(error, to: &dumped)
            for text in texts + [dumped] { #expect(!text.contains("secret_half"), "\(url): \(text)") }
        }
    }

    @Test func `Cancellation: reported as such`() async throws {
        let server = try LoopbackServer { _ in .hold }
        defer { server.stop() }
        let bot = try bot(server.url)
        let task = Task { try await bot.getMe() }
        await server.reached(requests: 1)
        task.cancel()
        let error = await #expect(throws: TelegramError.self) { try await task.value }
        guard case .outcomeUnknown(.transport(let failure))? = error else {
            throw UnexpectedOutcome("\(String(describing: error))")
        }
        #expect(failure.reason == .cancelled)
    }
}

extension TelegramBotTests {
    /// Self-hosted Bot API servers may leave out fields that we do not need. The message was sent, so it must not be
    /// sent again.
    @Test(arguments: ["{}", "true", #"{"message_id":9}"#, #"{"message_id":"odd","chat":null}"#])
    func `An odd result of a send: a success`(_ result: String) async throws {
        let server = try LoopbackServer { _ in .ok(result) }
        defer { server.stop() }
        try await bot(server.url).sendMessage(chatID: 5, text: "x")
        #expect(server.requests.count == 1)
    }
}
