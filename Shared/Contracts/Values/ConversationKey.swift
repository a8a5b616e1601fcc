/// Which conversation: one user, in one chat (a forum topic is folded in as `chat:topic`), of one type.
public struct ConversationKey: Sendable, Hashable {
    /// The type that is meant when none is given.
    public static let addMachine = "add_machine"

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
