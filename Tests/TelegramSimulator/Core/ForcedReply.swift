import Contracts

/// `force_reply`: the apps of the people whom it concerns open a reply to the message.
struct ForcedReply: Sendable, Equatable {
    /// Only the author of the message to which the bot's message replies, and people who are mentioned in its text.
    /// Telegram takes mentions by name as well; here only those by id.
    var isSelective: Bool

    /// Nil if `reply_markup` is missing or of another kind.
    static func parse(_ parameters: CallParameters) throws(APIError) -> ForcedReply? {
        let markup = try parameters.structured(
            "reply_markup", orFail: "can't parse reply keyboard markup JSON object")
        guard let members = markup?.objectValue, members["force_reply"] == true else { return nil }
        return ForcedReply(isSelective: members["selective"] == true)
    }
}

extension SimulatorCore {
    /// The newest message of the bot at `place` that asks `user` for a reply, and has none from this person.
    func prompt(for user: Int64, at place: Place) -> Int64? {
        let asked = messages.messages(in: place.chat).last { message in
            guard message.sender == nil, message.thread == place.thread, let forced = message.forcedReply else {
                return false
            }
            return !forced.isSelective || message.replyTo.flatMap { messages[place.chat, $0]?.sender } == user
                || message.content.entities.contains { $0.url == "tg://user?id=\(user)" }
        }
        guard let asked else { return nil }
        let hasReply = messages.messages(in: place.chat).contains { $0.sender == user && $0.replyTo == asked.id }
        return hasReply ? nil : asked.id
    }

    /// Whether Telegram shows a person's message to a bot in privacy mode: what its documentation lists ("Privacy
    /// mode"). Unlike Telegram, a command without a bot's name always counts as meant for this bot.
    func isShownInPrivacyMode(_ message: StoredMessage) -> Bool {
        let service = ["migrate_to_chat_id", "migrate_from_chat_id"]
        if message.chat > 0 || service.contains(where: { message.attachment[$0] != nil }) { return true }
        if let answered = message.replyTo, messages[message.chat, answered]?.sender == nil { return true }
        guard message.content.entities.contains(where: { $0.kind == "bot_command" && $0.offset == 0 }) else {
            return false
        }
        let command = message.content.text.prefix { !$0.isWhitespace }
        guard let name = command.split(separator: "@").dropFirst().first else { return true }
        return name.lowercased() == botUsername.lowercased()
    }
}
