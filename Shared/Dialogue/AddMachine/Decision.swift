/// What follows from an input. A message is sent only after its effect is stored.
public enum Decision: Sendable, Equatable {
    /// The state does not change.
    case reply(AnyMessage)
    /// The entry replaces the state.
    case save(Entry, AnyMessage)
    /// The kept entry replaces the state.
    case takeUp(Entry, AnyMessage)
    /// Check whether this (normalized) nickname of the entry is free in the person's library. Continues in
    /// `nicknameFree` or `nicknameTaken`. `isStored` tells whether the state holds the entry as it is here.
    case checkNickname(String, Entry, isStored: Bool)
    /// Add the machine to the library and clear the conversation as completed. Continues in `saved`, or in
    /// `libraryRefused` if the library refuses one of the answers.
    case complete(Entry)
    /// Clear the conversation as cancelled.
    case cancel(AnyMessage)
}
