/// A kind of message that cannot be an answer.
public enum MessageKind: String, Sendable, CaseIterable {
    case voice, videoNote, file, animation, sticker, video, audio, contact, location, venue, poll, dice
    /// Any kind that this version does not know.
    case unknown
}
