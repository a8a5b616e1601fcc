/// How an item of the queue is treated.
public enum SendPolicy: Sendable, Equatable {
    /// A message. It is in order in its lane, stored when it cannot leave at once, and shown twice when it is sent twice.
    case message
    /// Puts a text in place of a message of ours: like `message`, but to do it twice is to do it once.
    case edit
    /// Ends the spinner on a button. It waits for nothing but Telegram, takes no place in the limits and is not stored: the
    /// update comes again until it was answered, or too late to be.
    case tapAnswer
    /// A message that is worth something only now. It is not stored, and not sent again when its outcome is unknown.
    case passing

    var isStored: Bool { self == .message || self == .edit }
    /// Whether it has its place in the order of its lane, and takes one in the limits.
    var isMessage: Bool { self != .tapAnswer }
    /// How many tries may have an unknown outcome.
    var triesMax: Int {
        switch self {
        case .message: 3
        case .edit, .tapAnswer: 6
        case .passing: 1
        }
    }
}
