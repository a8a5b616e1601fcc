/// A message to a person: its text, at most 4,096 UTF-16 units as Telegram counts them, and the buttons under it.
public struct Reply: Sendable, Equatable {
    /// An inline button. `data` is at most 64 bytes.
    public struct Button: Sendable, Equatable {
        public let label: String
        public let data: String

        public init(label: String, data: String) {
            self.label = label
            self.data = data
        }
    }

    public static let textUnitsMax = 4096

    /// Rows of buttons, from the top.
    public let buttons: [[Button]]
    /// Plain text for `answerCallbackQuery`, at most 200 characters; nil to answer the tap without a text.
    public let notice: String?
    /// Whether it ends with the open question.
    public let isQuestion: Bool
    /// Whether the text names a button of it, so that the buttons may not be left out.
    let needsButtons: Bool
    private let markup: Markup

    init(
        _ markup: Markup, buttons: [[Button]] = [], notice: String? = nil, isQuestion: Bool = false,
        needsButtons: Bool = false
    ) {
        self.markup = markup
        self.buttons = buttons
        self.notice = notice
        self.isQuestion = isQuestion
        self.needsButtons = needsButtons
    }

    /// For `parse_mode` HTML. What people typed is escaped, and shortened with "…" where the message would be too long.
    public var html: String { markup.html(unitsMax: Self.textUnitsMax) }

    /// The same text without markup, for use if Telegram cannot parse `html`.
    public var plainText: String { markup.plainText(unitsMax: Self.textUnitsMax) }

    /// The same reply, which also says that what it confirms is only in memory so far.
    public func inMemoryOnly(in texts: any Texts) -> Reply {
        Reply(
            "\(markup)\n\n\(texts.memoryOnly)", buttons: buttons, notice: notice, isQuestion: isQuestion,
            needsButtons: needsButtons)
    }

    /// A question for a group, where the bot sees only replies to its messages: it names the commands, and its buttons
    /// give way to the request for a reply, since a message carries one of both. Buttons that the text names stay.
    public func inGroup(in texts: any Texts) -> Reply {
        guard isQuestion else { return self }
        return Reply(
            "\(markup)\n\n\(texts.replyInGroup)", buttons: needsButtons ? buttons : [], notice: notice,
            isQuestion: true,
            needsButtons: needsButtons)
    }
}
