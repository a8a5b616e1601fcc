/// The form in which an item is tried next. Each refusal by Telegram changes it.
public struct SendForm: Sendable, Equatable {
    /// The chat, or the supergroup that the group became.
    public var chatID: Int64
    /// Without mark-up.
    public var isPlain = false
    public var isWithoutThread = false
    public var isWithoutReply = false
    /// The message to edit is gone, so the item is sent as a new message.
    public var isNewMessage = false

    public init(chatID: Int64) { self.chatID = chatID }

    /// Changes the form after Telegram refused it.
    ///
    /// - Returns: whether there is another form to try. Each change is made at most once, so the tries end.
    mutating func refused(_ refusal: SendRefusal) -> Bool {
        switch refusal {
        case .migrated(let id) where id != chatID: chatID = id
        case .thread where !isWithoutThread: isWithoutThread = true
        case .repliedMessage where !isWithoutReply: isWithoutReply = true
        case .editedMessage where !isNewMessage: isNewMessage = true
        case .content where !isPlain: isPlain = true
        default: return false
        }
        return true
    }
}
