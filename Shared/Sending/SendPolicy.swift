/// How the queue treats an item.
public enum SendPolicy: Sendable, Equatable {
    /// A message. It keeps its order in its lane and is stored if it cannot leave at once. If sent twice, it is shown
    /// twice.
    case message
    /// Replaces the text of one of the bot's messages. Like `message`, but idempotent.
    case edit
    /// A tap acknowledgement, which ends the spinner on a button. It waits for Telegram only, takes no place in the
    /// limits and is not stored: Telegram delivers the update again until the tap is acknowledged or too old for it.
    case tapAnswer
    /// A message that is useful only now. It is not stored, and not sent again if its outcome is unknown.
    case passing

    var isStored: Bool { self == .message || self == .edit }
    /// Whether it is ordered in its lane and counts in the limits.
    var isMessage: Bool { self != .tapAnswer }
    /// After how many tries with an unknown outcome the item is dropped.
    var triesMax: Int {
        switch self {
        case .message: 3
        case .edit, .tapAnswer: 6
        case .passing: 1
        }
    }
}
