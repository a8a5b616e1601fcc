/// Which conversation: one user, in one chat (a forum topic is folded in as `chat:topic`), of one type.
public struct ConversationKey: Sendable, Hashable {
    /// The type that is meant when none is given.
    public static let addMachine = "add_machine"
    /// The replies that the gateway still owes.
    public static let outbox = "outbox"
    /// The updates that wait at the gateway; further ones follow it with a dot and a number.
    public static let parked = "parked"

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

/// Two keys are one if their bytes are: as both databases compare them, and unlike Swift's strings, to which "é" in one
/// and in two code points are equal.
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
