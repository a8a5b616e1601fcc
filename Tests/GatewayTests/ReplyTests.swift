import Contracts
import Dialogue
import Sending
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

    private func row(_ reply: OutgoingReply, tries: Int = 0) -> SendRow<Outgoing> {
        SendRow(content: .reply(reply), updateID: reply.updateID, policy: .message, tries: tries)
    }

    @Test func `A row of the outbox: read as written, without replies that cannot be read`() {
        var edit = reply(2)
        edit.replaces = 9
        edit.receivedAt = Timestamp(milliseconds: 5)
        let found = OutboxRow.replies(OutboxRow.data([row(reply(1, isPrompt: true), tries: 2), row(edit)]))
        #expect(found.map(\.reply) == [reply(1, isPrompt: true), edit])
        #expect(found.map(\.tries) == [2, 0])
        #expect(OutboxRow.replies(["replies": [["chat_id": 1], "junk"]]).isEmpty)
        #expect(OutboxRow.replies([:]).isEmpty)
    }

    @Test func `A row of an earlier version: read as never tried`() {
        guard case .object(var members) = reply(1).json else { return }
        members["replaces"] = nil
        for tries: JSONValue? in [nil, .null, "two", -1] {
            members["tries"] = tries
            let found = OutboxRow.replies(["replies": [.object(members)]])
            #expect(found.map(\.reply) == [reply(1)] && found.map(\.tries) == [0])
        }
    }

    /// The longest row that is possible: one reply beyond the bound.
    @Test(arguments: ["\u{1}", "\"", "\\", "é", "x"])
    func `A row at its bound: fits into the data of a conversation`(_ letter: String) {
        let long = reply(1, isPrompt: true, text: String(repeating: letter, count: 4_096))
        let size = OutboxRow.data([row(long)])
        #expect(JSONValue.object(size).serialized().count <= long.rowBytes)
        #expect(SendQueue<LaneKey, Outgoing>.rowBytesMax + 1_024 <= StateSave.dataBytesMax)
        #expect(long.rowBytes <= StateSave.dataBytesMax)
    }

    @Test func `Two replies: repeat each other if a person sees no difference`() {
        var edit = reply(1)
        edit.replaces = 9
        #expect(Outgoing.reply(reply(2, text: "a")).repeats(.reply(reply(1, text: "a"))))
        #expect(!Outgoing.reply(reply(2, text: "a")).repeats(.reply(reply(1, text: "b"))))
        #expect(!Outgoing.reply(reply(2)).repeats(.reply(reply(1, chat: 6))))
        #expect(!Outgoing.reply(reply(2)).repeats(.reply(reply(1, isPrompt: true))))
        #expect(!Outgoing.reply(reply(2)).repeats(.reply(edit)))
        #expect(!Outgoing.reply(reply(2)).repeats(.tapAnswer(queryID: "q", text: "text")))
    }

    @Test(
        arguments: [
            (nil, .sent),
            (.notSent(HTTPFailure(.timedOut)), .notSent),
            (.notSent(HTTPFailure(.invalidURL)), .refused(.everything)),
            (.outcomeUnknown(.serverError(status: 502)), .unknown),
            (.outcomeUnknown(.transport(HTTPFailure(.timedOut))), .unknown),
            (.malformedResponse(status: 200), .unknown),
            (.malformedResponse(status: 403), .notSent),
            (.tooManyRequests(retryAfter: .seconds(9)), .tooManyRequests(retryAfter: .seconds(9))),
            (.unauthorized, .notSent),
            (.conflict("x"), .notSent),
            (.forbidden("blocked"), .refused(.everything)),
            (.badRequest(.chatNotFound), .refused(.everything)),
            (.badRequest(.queryTooOld), .refused(.everything)),
            (.badRequest(.messageNotModified), .sent),
            (.badRequest(.migrated(to: -1_005)), .refused(.migrated(to: -1_005))),
            (.badRequest(.topicNotFound), .refused(.thread)),
            (.badRequest(.repliedMessageNotFound), .refused(.repliedMessage)),
            (.badRequest(.messageToEditNotFound), .refused(.editedMessage)),
            (.badRequest(.cannotParseEntities), .refused(.content)),
            (.badRequest(.other("x")), .refused(.content)),
        ] as [(TelegramError?, SendOutcome)])
    func `The error of a call: becomes the outcome that the queue must assume`(
        _ error: TelegramError?, _ outcome: SendOutcome
    ) {
        #expect(SendOutcome(error) == outcome)
    }

    @Test func `The status: names each trouble and what to do`() {
        var surroundings = Surroundings()
        #expect(surroundings.status == .degraded)
        surroundings.telegram = .receiving
        #expect(surroundings.status == .ok)
        #expect(surroundings.detail == nil)
        surroundings.telegram = .unauthorized
        #expect(surroundings.detail?.contains("TELEGRAM_BOT_TOKEN") == true)
        surroundings.telegram = .conflict
        #expect(surroundings.detail?.contains("409") == true)
        surroundings.telegram = .receiving
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
