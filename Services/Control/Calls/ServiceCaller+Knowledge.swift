import Contracts

/// Whether anything is stored for a user.
enum UserKnowledge: Equatable {
    /// The user has a machine or an open conversation.
    case known
    case unknown
    /// A call to a service failed.
    case uncertain(CommandFailure)

    /// Null if it is uncertain.
    var json: JSONValue {
        switch self {
        case .known: .bool(true)
        case .unknown: .bool(false)
        case .uncertain: .null
        }
    }

    /// The text after "nothing to show" that says whether the user is known; empty for a known user.
    func remark(on userID: String) -> String {
        switch self {
        case .known: ""
        case .unknown: "; user \(userID) is not known: no machine, and no open conversation in the private chat"
        case .uncertain(let failure): "; cannot tell whether the user is known: \(failure.cause)"
        }
    }
}

extension ServiceCaller {
    /// Whether `userID` has a machine, or an open conversation in the private chat.
    func knowledge(of userID: String, deadline: Duration) async -> UserKnowledge {
        do throws(CommandFailure) {
            let list = LibraryList.Params(userID: userID, limit: 1)
            if try await call(.library, LibraryList.self, list, deadline: deadline).total > 0 { return .known }
            let load = StateLoad.Params(key: ConversationKey(userID: userID, chatID: userID))
            return try await call(.state, StateLoad.self, load, deadline: deadline).state == nil ? .unknown : .known
        } catch { return .uncertain(error) }
    }
}
