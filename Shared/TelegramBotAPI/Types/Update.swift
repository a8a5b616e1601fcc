private import FoundationEssentials

/// An update: one event that Telegram queues for the bot.
public struct Update: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case message(Message)
        case editedMessage(Message)
        case callbackQuery(CallbackQuery)
        case myChatMember(ChatMemberUpdated)
        /// A kind that this client does not know.
        case unknown
        /// An update whose required parts could not be decoded.
        case unreadable(Unreadable)
    }

    /// The known properties of an update that could not be decoded.
    public struct Unreadable: Sendable, Hashable {
        /// Telegram's name of the kind; nil if the update has only an id.
        public var kind: String?
        /// The length of its JSON; nil if unknown.
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

    /// Decodes an update's JSON, as in ``ReceivedUpdate/json``. Nil if it is not an update.
    public init?(json: String) {
        guard let update = try? JSONDecoder().decode(Update.self, from: Data(json.utf8)) else { return nil }
        self = update
    }
}

/// An update and its JSON.
public struct ReceivedUpdate: Sendable {
    public var update: Update
    /// The JSON as Telegram sent it. A slice of the whole response, which it keeps in memory.
    private var bytes: ArraySlice<UInt8>

    init(update: Update, json: ArraySlice<UInt8>) {
        self.update = update
        bytes = json
    }

    public var id: Int64 { update.id }
    /// A copy of the update's JSON.
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

    /// Throws only if the id is missing. Any other defect makes the update `.unreadable`, so that it can be confirmed
    /// and is not delivered forever.
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

/// The kinds of updates that Rivet requests, by Telegram's names.
public enum UpdateKindName: String, Sendable, Encodable, CaseIterable {
    case message
    case editedMessage = "edited_message"
    case callbackQuery = "callback_query"
    case myChatMember = "my_chat_member"
}
