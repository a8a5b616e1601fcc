/// The part of an item that Telegram refuses.
public enum SendRefusal: Sendable, Equatable {
    /// The group became a supergroup, which has another id.
    case migrated(to: Int64)
    /// The topic does not exist.
    case thread
    /// The message that it replies to is gone.
    case repliedMessage
    /// The message that it edits is gone.
    case editedMessage
    /// Its mark-up, or something that Telegram does not name.
    case content
    /// The whole item, in any form: for example, the person blocked the bot, or the tap is too old to acknowledge.
    case everything
}
