/// The key of a conversation: a user, a chat and a type. A forum topic is part of the chat, as `chat:topic`.
public struct ConversationKey: Sendable, Hashable {
    /// The default type.
    public static let addMachine = "add_machine"
    /// The type of the gateway's queued replies.
    public static let outbox = "outbox"
    /// The type of the updates that wait at the gateway. Further such types append a dot and a number.
    public static let parked = "parked"
    /// The type of what is kept of a supergroup: the group that it was.
    public static let group = "group"

    public var userID: String
    public var chatID: String
    public var type: String

    public init(userID: String, chatID: String, type: String = ConversationKey.addMachine) {
        self.userID = userID
        self.chatID = chatID
        self.type = type
    }

    init(_ parameters: Parameters) throws(RPCError) {
        userID = try parameters.identifier("user_id")
        chatID = try parameters.identifier("chat_id")
        type =
            try parameters.optional("conversation_type") { parameters throws(RPCError) in
                try parameters.identifier("conversation_type")
            } ?? Self.addMachine
    }

    var members: [String: JSONValue] {
        ["user_id": .string(userID), "chat_id": .string(chatID), "conversation_type": .string(type)]
    }
}

/// Keys are compared by their bytes, as both databases compare them. Swift's strings differ: "é" as one code point
/// equals "é" as two.
extension ConversationKey {
    public static func == (lhs: ConversationKey, rhs: ConversationKey) -> Bool {
        lhs.userID.utf8.elementsEqual(rhs.userID.utf8) && lhs.chatID.utf8.elementsEqual(rhs.chatID.utf8)
            && lhs.type.utf8.elementsEqual(rhs.type.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for var part in [userID, chatID, type] {
            part.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
            hasher.combine(0xFF as UInt8)
        }
    }
}
