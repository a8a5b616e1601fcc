/// What the bot says if it cannot do what was asked: because of a trouble, or because the person is not let in.
public enum TroubleMessage: Sendable, Equatable {
    /// The person is not on the allow-list.
    case notAllowed(userID: String)
    /// The person writes as a group or as a channel, which has no library.
    case anonymous
    /// The stored entry cannot be read.
    case unreadableEntry
    /// A fault of the bot. The state is the same as before the input.
    case tryAgain
    /// The message has to wait until a service can be reached.
    case messageKept

    func reply(in texts: any Texts) -> Reply {
        switch self {
        case .notAllowed(let userID): Reply(texts.notAllowed(userID: userID), notice: texts.notAllowedNotice)
        case .anonymous: Reply(texts.anonymous)
        case .unreadableEntry: Reply(texts.unreadableEntry, notice: texts.unreadableEntryNotice)
        case .tryAgain: Reply(texts.tryAgain, notice: texts.tryAgainNotice)
        case .messageKept: Reply(texts.messageKept)
        }
    }
}
