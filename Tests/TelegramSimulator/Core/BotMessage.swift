/// A message of the bot, as a person in the chat sees it; or one edit of it.
public struct BotMessage: Sendable, Equatable {
    /// An inline button under the message.
    public struct Button: Sendable, Equatable {
        /// The text on the button.
        public let label: String
        /// The data that the bot gets for a tap; nil for a link.
        public let callbackData: String?
        /// The address that a link opens.
        public let url: String?
    }

    /// A stretch of formatting. Offset and length count the UTF-16 code units of `text`.
    public struct Entity: Sendable, Equatable {
        /// Telegram's name for it: `bold`, `italic`, `code`, `text_link`, …
        public var kind: String
        public var offset: Int
        public var length: Int
        public var url: String?
        public var language: String?
    }

    public let messageID: Int64
    public let chat: Int64
    /// The topic (`message_thread_id`) to which it was sent.
    public let thread: Int64?
    /// The text as the bot sent it, with its tags. Without a parse mode this is the text itself.
    public let html: String
    /// The text as a person reads it: without tags, entities unescaped, white space at the ends removed.
    public let text: String
    /// The formatting of `text`.
    public let entities: [Entity]
    /// Rows of inline buttons, from the top.
    public let keyboard: [[Button]]
    /// The photo of the message; `text` is then its caption.
    public let photoFileID: String?
    /// The message to which it replies.
    public let replyTo: Int64?
    /// True if this is a change of an earlier message and no new one.
    public let isEdit: Bool
    /// Whether it asks for a reply (`force_reply`).
    public let asksForReply: Bool

    /// All buttons, row after row.
    public var buttons: [Button] { keyboard.flatMap { $0 } }

    /// The labels of all buttons, row after row.
    public var labels: [String] { buttons.map(\.label) }

    /// The first button with this label or this callback data.
    public func button(_ labelOrData: String) -> Button? {
        buttons.first { $0.label == labelOrData } ?? buttons.first { $0.callbackData == labelOrData }
    }
}
