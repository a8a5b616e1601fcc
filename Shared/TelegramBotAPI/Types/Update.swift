private import FoundationEssentials

/// One thing that happened, as Telegram queues it for the bot.
public struct Update: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case message(Message)
        case editedMessage(Message)
        case callbackQuery(CallbackQuery)
        case myChatMember(ChatMemberUpdated)
        /// A kind that this client does not know.
        case unknown
        /// Its necessary parts could not be read.
        case unreadable(Unreadable)
    }

    /// What can be said of an update that was not understood.
    public struct Unreadable: Sendable, Hashable {
        /// By Telegram's name; nil if the update has nothing but an id.
        public var kind: String?
        /// Of its JSON; nil if that is not known.
        public var byteCount: Int?

        public init(kind: String?, byteCount: Int? = nil) {
            self.kind = kind
            self.byteCount = byteCount
        }
    }

    public var id: Int64
    public var kind: Kind

    public init(id: Int64, kind: Kind) {
        self.id = id
        self.kind = kind
    }

    /// Reads an update's own JSON, as ``ReceivedUpdate`` has it. Nil if it is none.
    public init?(json: String) {
        guard let update = try? JSONDecoder().decode(Update.self, from: Data(json.utf8)) else { return nil }
        self = update
    }
}

/// An update, and the JSON that it was read from.
public struct ReceivedUpdate: Sendable {
    public var update: Update
    /// As Telegram sent it; part of a larger answer, which lives as long as this does.
    private var bytes: ArraySlice<UInt8>

    init(update: Update, json: ArraySlice<UInt8>) {
        self.update = update
        bytes = json
    }

    public var id: Int64 { update.id }
    /// A copy of it.
    public var json: String { String(decoding: bytes, as: UTF8.self) }
}

extension Update: Decodable {
    private enum CodingKeys: String, CodingKey {
        case updateID = "update_id"
        case message
        case editedMessage = "edited_message"
        case callbackQuery = "callback_query"
        case myChatMember = "my_chat_member"
    }

    /// Fails only without an id: anything else that is wrong makes the update `.unreadable`, so that it can be confirmed and does not
    /// come back for ever.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(Int64.self, forKey: .updateID)
        if let message = values.lenient(Message.self, .message) {
            kind = .message(message)
        } else if let message = values.lenient(Message.self, .editedMessage) {
            kind = .editedMessage(message)
        } else if let query = values.lenient(CallbackQuery.self, .callbackQuery) {
            kind = .callbackQuery(query)
        } else if let change = values.lenient(ChatMemberUpdated.self, .myChatMember) {
            kind = .myChatMember(change)
        } else {
            let known = [CodingKeys.message, .editedMessage, .callbackQuery, .myChatMember].first(where: values.has)
            kind = known.map { .unreadable(Unreadable(kind: $0.rawValue)) } ?? .unknown
        }
    }
}

/// The kinds of updates that a bot can ask for, by Telegram's names.
public enum UpdateKindName: String, Sendable, Encodable, CaseIterable {
    case message
    case editedMessage = "edited_message"
    case callbackQuery = "callback_query"
    case myChatMember = "my_chat_member"
}
