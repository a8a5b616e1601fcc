/// A tap on a button under a message.
public struct CallbackQuery: Sendable, Hashable {
    /// The message with the button. Only its chat and id are certain, since the bot may have no access to it.
    public enum Origin: Sendable, Hashable {
        case message(Message)
        case inaccessible(InaccessibleMessage)

        public var chat: Chat {
            switch self {
            case .message(let message): message.chat
            case .inaccessible(let message): message.chat
            }
        }

        public var messageID: Int64 {
            switch self {
            case .message(let message): message.id
            case .inaccessible(let message): message.id
            }
        }
    }

    public var id: String
    public var from: User
    /// Nil if the message was sent in inline mode.
    public var message: Origin?
    public var data: String?

    public init(id: String, from: User, message: Origin? = nil, data: String? = nil) {
        self.id = id
        self.from = from
        self.message = message
        self.data = data
    }
}

/// A message that was deleted or is too old for the bot to access. Telegram marks it with the date 0.
public struct InaccessibleMessage: Sendable, Hashable {
    public var id: Int64
    public var chat: Chat

    public init(id: Int64, chat: Chat) {
        self.id = id
        self.chat = chat
    }
}

extension CallbackQuery: Decodable {
    private enum CodingKeys: String, CodingKey { case id, from, message, data }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try values.decode(String.self, forKey: .id),
            from: try values.decode(User.self, forKey: .from),
            message: values.lenient(Message.self, .message).map { message in
                message.date == 0
                    ? .inaccessible(InaccessibleMessage(id: message.id, chat: message.chat)) : .message(message)
            },
            data: values.lenient(String.self, .data))
    }
}
