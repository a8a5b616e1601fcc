/// What a person did. The shell makes it of an update; commands are told apart there.
public enum Input: Sendable, Equatable {
    /// `/addmachine`
    case addMachine
    /// A tap on `save_to_library` under a photo. `fileID` is nil when Telegram no longer shows the photo's message.
    case saveToLibrary(fileID: String?, manufacturerHint: String?, modelHint: String?)
    case text(String)
    case skip, back, cancel
    case photo(fileID: String)
    /// A tap on any other button: its callback data.
    case button(data: String)
    /// `/start`, `/help`
    case help
    case unknownCommand
    /// A message that is no text: `kind` names it for the person, "sticker", "voice message".
    case other(kind: String)
}

/// What follows from an input. A reply leaves only after its effect is stored.
public enum Decision: Sendable, Equatable {
    /// The state stays as it is.
    case reply(Reply)
    /// The entry replaces the state.
    case save(Entry, Reply)
    /// The entry that is kept takes the place of the state.
    case takeUp(Entry, Reply)
    /// Is this (normalised) nickname free in the person's library? Goes on in `nicknameFree` or `nicknameTaken`.
    case checkNickname(String)
    /// The machine is to be added to the library and the conversation cleared as completed. Goes on in `saved`, or in
    /// `libraryRefused` if the library refuses one of the answers.
    case complete(Entry)
    /// The conversation is to be cleared as cancelled.
    case cancel(Reply)
}
