/// A change of the bot's status in a chat. In a private chat: the person blocked or unblocked the bot.
public struct ChatMemberUpdated: Sendable, Hashable {
    public enum Status: String, Sendable, CaseIterable {
        case creator, administrator, member, restricted, left, kicked
        /// A status that this client does not know.
        case unknown
    }

    public var chat: Chat
    public var from: User
    public var newStatus: Status

    public init(chat: Chat, from: User, newStatus: Status) {
        self.chat = chat
        self.from = from
        self.newStatus = newStatus
    }
}

extension ChatMemberUpdated: Decodable {
    private enum CodingKeys: String, CodingKey {
        case chat, from
        case newMember = "new_chat_member"
    }

    private struct Member: Decodable { var status: String }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            chat: try values.decode(Chat.self, forKey: .chat),
            from: try values.decode(User.self, forKey: .from),
            newStatus: Status(rawValue: try values.decode(Member.self, forKey: .newMember).status) ?? .unknown)
    }
}
