import TextRules

/// What a person did in the add-machine flow. Typed words, commands and buttons give the same input.
public enum Input: Sendable, Equatable {
    /// `/addmachine`, or `save_to_library` under a photo, which the draft then holds.
    ///
    /// `nickname` is the text after the command.
    case begin(Draft, nickname: String? = nil)
    case answer(String)
    case skip, back, cancel
    /// A photo; `caption` is the input that its caption makes: an answer, or one of skip, back and cancel.
    indirect case photo(fileID: String, caption: Input? = nil)
    /// A place on the map or a venue, as a text.
    case place(String)
    /// A tap on a button of the flow; nil if no button of the flow has such data.
    case tap(TapData?)
    /// `/start`, `/help`
    case help
    /// A text that Telegram marks as a command, but not one of the bot's.
    case unknownCommand(String)
    /// A command of the flow followed by words that it does not accept: `/skip 2`.
    case commandWithWords(AddMachineCommand, String)
    /// A message without text.
    case other(MessageKind)

    /// A text that is not a command. The word skip, alone, counts as the command; back and cancel are answers like any
    /// other.
    public init(typed text: String) {
        self = text.utf8.count <= 32 && text.trimmedOfWhiteSpace.lowercased() == "skip" ? .skip : .answer(text)
    }

    /// The callback data of a button.
    public init(tapped data: String) {
        self = data == PhotoMessage.saveToLibraryData ? .begin(Draft()) : .tap(TapData(data))
    }
}

extension Input {
    /// The text, if it is meant as an answer.
    public var answer: String? { if case .answer(let text) = self { text } else { nil } }
    public var isAnswer: Bool { answer != nil }
}
