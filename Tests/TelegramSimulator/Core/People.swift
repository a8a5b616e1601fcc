import Contracts

/// A person whom the bot may meet.
struct SimulatedUser: Sendable, Equatable {
    let id: Int64
    var firstName: String
    var lastName: String?
    var username: String?
    var languageCode: String?

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "id": .integer(id), "is_bot": false, "first_name": .string(firstName),
        ]
        if let lastName { members["last_name"] = .string(lastName) }
        if let username { members["username"] = .string(username) }
        if let languageCode { members["language_code"] = .string(languageCode) }
        return .object(members)
    }
}

/// A chat that the bot is in.
struct SimulatedChat: Sendable, Equatable {
    /// The reason why the bot cannot write there.
    enum Barrier: Sendable, Equatable {
        case blocked, deactivated, kicked
        case migrated(to: Int64)

        var error: APIError {
            switch self {
            case .blocked: .forbidden("bot was blocked by the user")
            case .deactivated: .forbidden("user is deactivated")
            case .kicked: .forbidden("bot was kicked from the group chat")
            case .migrated(let chat): .migrated(to: chat)
            }
        }
    }

    let id: Int64
    var title: String?
    var isForum = false
    var barrier: Barrier?

    /// Chats with IDs like -100…, and forums, are supergroups.
    var kind: String {
        if id > 0 { return "private" }
        return isForum || id <= -1_000_000_000_000 ? "supergroup" : "group"
    }
}

/// The people and chats that the server knows.
struct People: Sendable {
    private(set) var users: [Int64: SimulatedUser] = [:]
    private(set) var chats: [Int64: SimulatedChat] = [:]

    /// Adds or renames a person; their private chat with the bot exists from then on.
    mutating func add(_ user: SimulatedUser) {
        users[user.id] = user
        if chats[user.id] == nil { chats[user.id] = SimulatedChat(id: user.id) }
    }

    mutating func add(_ chat: SimulatedChat) { chats[chat.id] = chat }

    /// The person `id`, created if unknown.
    mutating func user(_ id: Int64) -> SimulatedUser {
        if let user = users[id] { return user }
        let user = SimulatedUser(id: id, firstName: "User \(id)")
        add(user)
        return user
    }

    /// The chat `id`, created if unknown.
    mutating func chat(_ id: Int64) -> SimulatedChat {
        if let chat = chats[id] { return chat }
        if id > 0 { _ = user(id) } else { add(SimulatedChat(id: id, title: "Group \(id)")) }
        return chats[id] ?? SimulatedChat(id: id)
    }

    mutating func setBarrier(_ barrier: SimulatedChat.Barrier?, in chat: Int64) {
        _ = self.chat(chat)
        chats[chat]?.barrier = barrier
    }

    /// The chat `id` as messages show it.
    func json(ofChat id: Int64) -> JSONValue {
        let chat = chats[id] ?? SimulatedChat(id: id)
        var members: [String: JSONValue] = ["id": .integer(id), "type": .string(chat.kind)]
        if let title = chat.title { members["title"] = .string(title) }
        if chat.isForum { members["is_forum"] = true }
        if id > 0, let user = users[id] {
            members["first_name"] = .string(user.firstName)
            if let lastName = user.lastName { members["last_name"] = .string(lastName) }
            if let username = user.username { members["username"] = .string(username) }
        }
        return .object(members)
    }
}
