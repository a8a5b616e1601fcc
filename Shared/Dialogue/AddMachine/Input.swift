import TextRules

/// What a person did in the add-machine flow. Typed words, commands and buttons give the same input.
public enum Input: Sendable, Equatable {
    /// `/addmachine`, or `save_to_library` under a photo, which the draft then holds.
    case begin(Draft)
    case answer(String)
    case skip, back, cancel
    case photo(fileID: String)
    /// A tap on a button of the flow; nil if no button of the flow has such data.
    case tap(TapData?)
    /// `/start`, `/help`
    case help
    case unknownCommand
    /// A message without text.
    case other(MessageKind)

    /// A text that is not a command. The words skip, back and cancel, alone, count as the commands.
    public init(typed text: String) {
        switch text.utf8.count <= 32 ? text.trimmedOfWhiteSpace.lowercased() : "" {
        case "skip": self = .skip
        case "back": self = .back
        case "cancel": self = .cancel
        default: self = .answer(text)
        }
    }

    /// The callback data of a button.
    public init(tapped data: String) {
        self = data == PhotoMessage.saveToLibraryData ? .begin(Draft()) : .tap(TapData(data))
    }
}
