/// One thing that happened, as Telegram queues it for the bot.
public struct Update: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case message(Message)
        case editedMessage(Message)
        case callbackQuery(CallbackQuery)
        case myChatMember(ChatMemberUpdated)
        /// A kind that this client does not know, or one whose necessary parts it could not read.
        case unknown
    }

    public var id: Int64
    public var kind: Kind

    public init(id: Int64, kind: Kind) {
        self.id = id
        self.kind = kind
    }
}

extension Update: Decodable {
    private enum CodingKeys: String, CodingKey {
        case updateID = "update_id"
        case message
        case editedMessage = "edited_message"
        case callbackQuery = "callback_query"
        case myChatMember = "my_chat_member"
    }

    /// Fails only without an id: anything else that is wrong makes the update `.unknown`, so that it can be confirmed and does not
    /// come back for ever.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(Int64.self, forKey: .updateID)
        if (decoder.userInfo[.updatesUnderWay] as? Set<Int64>)?.contains(id) == true {
            kind = .unknown
        } else if let message = values.lenient(Message.self, .message) {
            kind = .message(message)
        } else if let message = values.lenient(Message.self, .editedMessage) {
            kind = .editedMessage(message)
        } else if let query = values.lenient(CallbackQuery.self, .callbackQuery) {
            kind = .callbackQuery(query)
        } else if let change = values.lenient(ChatMemberUpdated.self, .myChatMember) {
            kind = .myChatMember(change)
        } else {
            kind = .unknown
        }
    }
}

extension CodingUserInfoKey {
    /// A `Set<Int64>` of ids of which only the id is read: while updates are under way each poll brings them again, and reading them
    /// whole each time would cost more than everything else.
    // SAFETY: the initialiser fails for no string. `ofUpdatesUnderWayOnlyTheIDIsRead` uses it.
    // swift-format-ignore: NeverForceUnwrap
    static let updatesUnderWay = CodingUserInfoKey(rawValue: "updatesUnderWay")!
}

/// The kinds of updates that a bot can ask for, by Telegram's names.
public enum UpdateKindName: String, Sendable, Encodable, CaseIterable {
    case message
    case editedMessage = "edited_message"
    case callbackQuery = "callback_query"
    case myChatMember = "my_chat_member"
}
