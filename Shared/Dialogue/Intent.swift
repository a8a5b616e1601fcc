/// What an input means, whichever way it was given: typed words and commands are one.
enum Intent {
    case begin(Draft)
    case answer(String)
    case skip, back, cancel, help, unknownCommand
    case photo(fileID: String)
    /// nil: no button of ours.
    case tap(TapData?)
    case other(kind: String)

    init(_ input: Input) {
        switch input {
        case .addMachine: self = .begin(Draft())
        case .saveToLibrary(let fileID, let manufacturerHint, let modelHint):
            self = .begin(Draft(photoFileID: fileID, manufacturerHint: manufacturerHint, modelHint: modelHint))
        case .text(let text):
            switch text.utf8.count <= 32 ? AnswerRules.trimmed(text).lowercased() : "" {
            case "skip": self = .skip
            case "back": self = .back
            case "cancel": self = .cancel
            default: self = .answer(text)
            }
        case .skip: self = .skip
        case .back: self = .back
        case .cancel: self = .cancel
        case .photo(let fileID): self = .photo(fileID: fileID)
        case .button(Dialogue.saveToLibraryData): self = .begin(Draft())
        case .button(let data): self = .tap(TapData(data))
        case .help: self = .help
        case .unknownCommand: self = .unknownCommand
        case .other(let kind): self = .other(kind: kind)
        }
    }
}
