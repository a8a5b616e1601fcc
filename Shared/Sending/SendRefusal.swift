/// What Telegram refuses of an item.
public enum SendRefusal: Sendable, Equatable {
    /// The chat has another number now.
    case migrated(to: Int64)
    /// There is no such topic.
    case thread
    /// The message that it answers is gone.
    case repliedMessage
    /// The message that it was to replace is gone.
    case editedMessage
    /// Its mark-up, or something that Telegram does not name.
    case content
    /// All of it, in any form: the chat blocked us, or a tap was answered too late.
    case everything
}
