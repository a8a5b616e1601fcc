/// What Telegram made of a message that the bot sent.
public struct SentMessage: Sendable, Hashable {
    public var id: Int64
    public var chat: Chat

    public init(id: Int64, chat: Chat) {
        self.id = id
        self.chat = chat
    }
}

extension SentMessage: Decodable {
    private enum CodingKeys: String, CodingKey {
        case messageID = "message_id"
        case chat
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(Int64.self, forKey: .messageID)
        chat = try values.decode(Chat.self, forKey: .chat)
    }
}

/// An entry of the menu of commands.
public struct BotCommand: Sendable, Hashable, Codable {
    /// Without the slash: 1 to 32 lower-case letters, digits and underscores.
    public var command: String
    public var description: String

    public init(command: String, description: String) {
        self.command = command
        self.description = description
    }
}
