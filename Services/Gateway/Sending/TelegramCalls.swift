import Dialogue
import KillPoints
import Sending
import TelegramBotAPI

/// Performs one try of a send. Each call has its own full timeout.
struct TelegramCalls: Sendable {
    let bot: TelegramBot

    /// - Returns: nil if Telegram accepted it.
    func send(_ item: SendItem<LaneKey, Outgoing>, _ form: SendForm) async -> TelegramError? {
        switch item.content {
        case .tapAnswer(let queryID, let text):
            await failure { () async throws(TelegramError) in
                try await bot.answerCallbackQuery(id: queryID, text: text)
            }
        case .reply(let reply): await send(reply, form, to: item.lane.userID)
        }
    }

    /// Checks whether Telegram responds, without an effect there.
    ///
    /// - Returns: nil if it does.
    func probe() async -> TelegramError? {
        await failure { () async throws(TelegramError) in _ = try await bot.getMe() }
    }

    private func send(_ reply: OutgoingReply, _ form: SendForm, to userID: Int64) async -> TelegramError? {
        // The ids of messages are those of another chat if the group became a supergroup meanwhile.
        let hasItsMessages = form.chatID == reply.chatID
        let replyTo = form.isWithoutReply || !hasItsMessages ? nil : reply.replyTo
        // A request for a reply reaches the author of that message; without it, the person who is mentioned.
        let mention = reply.asksForReply && replyTo == nil ? #"<a href="tg://user?id=\#(userID)">👤</a> "# : ""
        let (text, mode): (String, ParseMode?) = form.isPlain ? (reply.plainText, nil) : (mention + reply.html, .html)
        if let messageID = reply.replaces, !form.isNewMessage, hasItsMessages {
            let error = await failure { () async throws(TelegramError) in
                try await bot.editMessageText(
                    chatID: form.chatID, messageID: messageID, text: text, parseMode: mode, replyMarkup: markup(reply))
            }
            // Telegram refuses the edit for another reason: a new message can say the same.
            if case .badRequest(.other) = error { return .badRequest(.messageToEditNotFound) }
            return error
        }
        killPoint("gateway.before-send")
        let error = await failure { () async throws(TelegramError) in
            try await bot.sendMessage(
                chatID: form.chatID, threadID: form.isWithoutThread ? nil : reply.threadID, text: text, parseMode: mode,
                replyMarkup: markup(reply).map(ReplyMarkup.buttons) ?? (reply.asksForReply ? .askingForReply : nil),
                replyTo: replyTo)
        }
        if error == nil { killPoint("gateway.after-send") }
        return error
    }

    private func markup(_ reply: OutgoingReply) -> InlineKeyboardMarkup? {
        guard !reply.buttons.isEmpty else { return nil }
        return InlineKeyboardMarkup(
            rows: reply.buttons.map { $0.map { InlineKeyboardButton(text: $0.label, callbackData: $0.data) } })
    }

    private func failure(_ call: () async throws(TelegramError) -> Void) async -> TelegramError? {
        do {
            try await call()
            return nil
        } catch {
            return error
        }
    }
}
