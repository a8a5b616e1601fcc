import FoundationEssentials
private import Logging

extension TelegramBot {
    /// The updates in the server's queue from `offset` on, oldest first. The server drops all updates before `offset`.
    ///
    /// An update that cannot be decoded is returned as `.unreadable`, so that it can be confirmed. An update without an
    /// id is left out.
    /// - Parameters:
    ///   - offset: nil for the oldest. A negative one is not sent, since it would delete the queue.
    ///   - timeout: how long the server keeps the call open while it has no update. The server's maximum is 50 s.
    public func getUpdates(
        offset: Int64?, limit: Int = 100, timeout: Duration, allowedUpdates: [UpdateKindName] = UpdateKindName.allCases
    ) async throws(TelegramError) -> [Update] {
        try await getUpdates(
            offset: offset, limit: limit, timeout: timeout, allowedUpdates: allowedUpdates, underWay: []
        ).map(\.update)
    }

    /// The same, but of the updates in `underWay` only the id is read. They are returned as `.unknown`.
    func getUpdates(
        offset: Int64?, limit: Int, timeout: Duration, allowedUpdates: [UpdateKindName], underWay: Set<Int64>
    ) async throws(TelegramError) -> [ReceivedUpdate] {
        struct Parameters: Encodable {
            var offset: Int64?
            var limit: Int
            var timeout: Int
            var allowed_updates: [UpdateKindName]
        }
        let (status, body) = try await send(
            "getUpdates",
            Parameters(
                offset: offset.flatMap { $0 >= 0 ? $0 : nil }, limit: min(max(limit, 1), 100),
                timeout: max(0, timeout.wholeMilliseconds / 1_000), allowed_updates: allowedUpdates),
            timeout: timeout + Self.pollTimeoutMargin)
        guard status < 400, let pieces = UpdateSplitter.pieces(of: body) else {
            // The response reports an error, which `result` throws, or it is unreadable.
            let _: Acknowledgement = try result(status: status, body: body)
            throw .malformedResponse(status: status)
        }
        let decoder = JSONDecoder()
        let updates = pieces.compactMap { piece in
            piece.id.map {
                ReceivedUpdate(
                    update: Self.update($0, piece, underWay, decoder, body), json: body[piece.range])
            }
        }
        if updates.count < pieces.count {
            logger.warning(
                "updates without an id were left out", metadata: ["count": "\(pieces.count - updates.count)"])
        }
        return updates
    }

    /// Decodes one update. Each poll returns the updates in `underWay` again; decoding these each time would cost more
    /// than all other work.
    static func update(
        _ id: Int64, _ piece: UpdateSplitter.Piece, _ underWay: Set<Int64>, _ decoder: JSONDecoder, _ body: [UInt8]
    ) -> Update {
        if underWay.contains(id) { return Update(id: id, kind: .unknown) }
        let update = try? decoder.decode(Update.self, from: Data(body[piece.range]))
        guard let update, update.id == id else {
            return Update(id: id, kind: .unreadable(.init(kind: piece.kind, byteCount: piece.range.count)))
        }
        guard case .unreadable(var unreadable) = update.kind else { return update }
        unreadable.byteCount = piece.range.count
        return Update(id: id, kind: .unreadable(unreadable))
    }

    /// Sends a message, once. On `.outcomeUnknown` it may or may not have been sent. A response with "ok" is a success
    /// even if its message does not decode, since sending again would show the message twice.
    /// - Parameters:
    ///   - text: 1 to 4,096 UTF-16 units after the mark-up is removed.
    ///   - threadID: the topic, if the chat has topics.
    ///   - replyTo: the message to reply to. If that one is gone, the message is sent without it.
    public func sendMessage(
        chatID: Int64, threadID: Int64? = nil, text: String, parseMode: ParseMode? = nil,
        replyMarkup: ReplyMarkup? = nil, replyTo: Int64? = nil, disableLinkPreview: Bool = true
    ) async throws(TelegramError) {
        struct Parameters: Encodable {
            var chat_id: Int64
            var message_thread_id: Int64?
            var text: String
            var parse_mode: ParseMode?
            var link_preview_options: LinkPreviewOptions?
            var reply_parameters: ReplyParameters?
            var reply_markup: ReplyMarkup?
        }
        let _: Acknowledgement = try await call(
            "sendMessage",
            Parameters(
                chat_id: chatID, message_thread_id: threadID, text: text, parse_mode: parseMode,
                link_preview_options: disableLinkPreview ? LinkPreviewOptions() : nil,
                reply_parameters: replyTo.map { ReplyParameters(message_id: $0) }, reply_markup: replyMarkup),
            isRepeatable: false)
    }

    /// Replaces the text and the buttons of one of the bot's messages; a nil `replyMarkup` removes the buttons.
    ///
    /// Idempotent, but the second call throws `.messageNotModified`.
    public func editMessageText(
        chatID: Int64, messageID: Int64, text: String, parseMode: ParseMode? = nil,
        replyMarkup: InlineKeyboardMarkup? = nil, disableLinkPreview: Bool = true
    ) async throws(TelegramError) {
        struct Parameters: Encodable {
            var chat_id: Int64
            var message_id: Int64
            var text: String
            var parse_mode: ParseMode?
            var link_preview_options: LinkPreviewOptions?
            var reply_markup: InlineKeyboardMarkup?
        }
        let _: Acknowledgement = try await call(
            "editMessageText",
            Parameters(
                chat_id: chatID, message_id: messageID, text: text, parse_mode: parseMode,
                link_preview_options: disableLinkPreview ? LinkPreviewOptions() : nil, reply_markup: replyMarkup))
    }

    /// Acknowledges a tap, which ends the spinner on the button; `text` is a note of up to 200 characters. Throws the
    /// harmless `.queryTooOld` if the tap is too old.
    public func answerCallbackQuery(
        id: String, text: String? = nil, showAlert: Bool = false
    ) async throws(TelegramError) {
        struct Parameters: Encodable {
            var callback_query_id: String
            var text: String?
            var show_alert: Bool?
        }
        let _: Acknowledgement = try await call(
            "answerCallbackQuery",
            Parameters(callback_query_id: id, text: text, show_alert: showAlert ? true : nil))
    }

    /// Replaces the menu of commands.
    public func setMyCommands(_ commands: [BotCommand]) async throws(TelegramError) {
        struct Parameters: Encodable {
            var commands: [BotCommand]
        }
        let _: Acknowledgement = try await call("setMyCommands", Parameters(commands: commands))
    }

    /// The bot itself: whether the token is good, and its name.
    public func getMe() async throws(TelegramError) -> User {
        struct Parameters: Encodable {}
        return try await call("getMe", Parameters())
    }
}

/// The mark-up of a message's text. Without one the text is plain.
public enum ParseMode: String, Sendable, Encodable {
    case html = "HTML"
}

/// A result whose content does not matter: `true`, or the edited message.
struct Acknowledgement: Decodable {
    init(from decoder: any Decoder) throws {}
}

private struct LinkPreviewOptions: Encodable {
    var is_disabled = true
}

private struct ReplyParameters: Encodable {
    var message_id: Int64
    var allow_sending_without_reply = true
}
