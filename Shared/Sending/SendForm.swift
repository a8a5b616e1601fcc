/// In which form an item is to be tried, after what Telegram refused of it.
public struct SendForm: Sendable, Equatable {
    /// The chat, or the supergroup that it became.
    public var chatID: Int64
    /// Without mark-up.
    public var isPlain = false
    public var isWithoutThread = false
    public var isWithoutReply = false
    /// The message that it was to replace is gone.
    public var isNewMessage = false

    public init(chatID: Int64) { self.chatID = chatID }

    /// Telegram refused this form.
    ///
    /// - Returns: whether there is another one to try. Each change is made once, so this ends.
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
