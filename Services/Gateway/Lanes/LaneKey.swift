import Contracts

/// One person in one chat, or in one topic of it. The updates of a lane are handled one after the other.
struct LaneKey: Hashable, Sendable {
    var userID: Int64
    var chatID: Int64
    var topicID: Int64?

    /// The person in the peers' keys.
    var user: String { String(userID) }
    /// The place in the peers' keys: `chat`, or `chat:topic`.
    var chat: String { topicID.map { "\(chatID):\($0)" } ?? String(chatID) }

    func conversation(_ type: String = ConversationKey.addMachine) -> ConversationKey {
        ConversationKey(userID: user, chatID: chat, type: type)
    }
}

extension LaneKey {
    /// The lane of a conversation; nil if the key does not have the form of a lane's.
    init?(_ key: ConversationKey) {
        let parts = key.chatID.split(separator: ":", omittingEmptySubsequences: false)
        guard let userID = Int64(key.userID), (1...2).contains(parts.count), let chatID = Int64(parts[0]) else {
            return nil
        }
        self.init(userID: userID, chatID: chatID)
        if parts.count == 2 {
            guard let topicID = Int64(parts[1]) else { return nil }
            self.topicID = topicID
        }
    }
}
