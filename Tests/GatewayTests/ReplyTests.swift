import Contracts
import Dialogue
import TelegramBotAPI
import Testing

@testable import Gateway

@Suite struct ReplyTests {
    private func reply(_ id: Int64, isPrompt: Bool = false, text: String = "text", chat: Int64 = 5) -> OutgoingReply {
        OutgoingReply(
            updateID: id, chatID: chat, threadID: 3, isGroup: true, html: "<b>\(text)</b>", plainText: text,
            buttons: isPrompt ? [[.init(label: "Skip", data: "skip")]] : [], replyTo: 8,
            queuedAt: Timestamp(milliseconds: 1_000 * id))
    }

    @Test func `An outbox is read as it was written; what cannot be read is left out`() {
        var queue = OutboxQueue()
        _ = queue.append(reply(1, isPrompt: true))
        _ = queue.append(reply(2))
        #expect(OutboxQueue(queue.data) == queue)
        #expect(OutboxQueue(["replies": [["chat_id": 1], "junk"]]).isEmpty)
        #expect(OutboxQueue([:]).isEmpty)
    }

    @Test func `A reply is queued once for its update`() {
        var queue = OutboxQueue()
        #expect(queue.append(reply(1)) == 0)
        #expect(queue.append(reply(1)) == 0)
        #expect(queue.replies.count == 1)
        queue.remove(updateID: 1)
        #expect(queue.isEmpty)
    }

    @Test func `Beyond the bound old prompts go first, then the oldest`() {
        var queue = OutboxQueue()
        for id in 1...20 { _ = queue.append(reply(Int64(id), isPrompt: id == 4 || id == 20)) }
        #expect(queue.append(reply(21)) == 1)
        #expect(!queue.replies.contains { $0.updateID == 4 })
        #expect(queue.append(reply(22, isPrompt: true)) == 1)
        #expect(!queue.replies.contains { $0.updateID == 20 })
        #expect(queue.append(reply(23)) == 1)
        #expect(!queue.replies.contains { $0.updateID == 22 })
        #expect(queue.append(reply(24)) == 1)
        #expect(queue.first?.updateID == 2)
        #expect(queue.replies.map(\.updateID) == queue.replies.map(\.updateID).sorted())
    }

    @Test func `An outbox fits into a conversation's data`() {
        var queue = OutboxQueue()
        let long = String(repeating: "\u{1}", count: 4_096)
        for id in 1...20 { _ = queue.append(reply(Int64(id), text: long)) }
        #expect(JSONValue.object(queue.data).serialized().count <= StateSave.dataBytesMax)
        #expect(queue.replies.last?.updateID == 20)
    }

    @Test func `What an error makes of a send`() {
        var attempt = SendAttempt(reply(1))
        #expect(attempt.failed(.notSent(HTTPFailure(.timedOut))) == .later)
        #expect(attempt.failed(.outcomeUnknown(.serverError(status: 502))) == .later)
        #expect(attempt.failed(.tooManyRequests(retryAfter: .seconds(9))) == .after(.seconds(9)))
        #expect(attempt.failed(.unauthorized) == .later)
        #expect(attempt.failed(.forbidden("blocked")) == .impossible)
        #expect(attempt.failed(.badRequest(.chatNotFound)) == .impossible)
        #expect(attempt == SendAttempt(reply(1)))
    }

    @Test func `A refused form is mended once`() {
        var attempt = SendAttempt(reply(1))
        #expect(attempt.failed(.badRequest(.migrated(to: -1_005))) == .again)
        #expect(attempt.chatID == -1_005)
        #expect(attempt.failed(.badRequest(.migrated(to: -1_005))) == .impossible)
        #expect(attempt.failed(.badRequest(.topicNotFound)) == .again)
        #expect(attempt.threadID == nil)
        #expect(attempt.failed(.badRequest(.topicNotFound)) == .impossible)
        #expect(attempt.failed(.badRequest(.repliedMessageNotFound)) == .again)
        #expect(attempt.replyTo == nil)
        #expect(attempt.failed(.badRequest(.cannotParseEntities)) == .again)
        #expect(attempt.isPlain)
        #expect(attempt.hadBadMarkup)
        #expect(attempt.failed(.badRequest(.cannotParseEntities)) == .impossible)
    }

    @Test func `The status names what is the matter and what to do`() {
        var surroundings = Surroundings()
        #expect(surroundings.status == .degraded)
        surroundings.telegram = .polling
        #expect(surroundings.status == .ok)
        #expect(surroundings.detail == nil)
        surroundings.telegram = .unauthorized
        #expect(surroundings.detail?.contains("TELEGRAM_BOT_TOKEN") == true)
        surroundings.telegram = .conflict
        #expect(surroundings.detail?.contains("409") == true)
        surroundings.telegram = .polling
        surroundings.away = [.library: "no answer"]
        #expect(surroundings.detail?.contains("rivet-library") == true)
        let board = StatusBoard()
        #expect(board.note(.state, .read, closedBecause: nil) == nil)
        #expect(board.note(.state, .read, closedBecause: "x") == .away(reason: "x"))
        #expect(board.note(.state, .read, closedBecause: "y") == nil)
        #expect(board.surroundings.away == [.state: "y"] && board.unsettled == [.state])
        #expect(board.note(.state, .read, closedBecause: nil) == .back)
        #expect(board.surroundings.away == [:] && board.unsettled == [])
    }
}
