/// An event of an item that the operator should know.
public enum SendReport: Sendable, Equatable {
    /// Telegram refused it in every form.
    case refused
    /// It could not be sent before it expired.
    case expired
    /// All its tries had an unknown outcome.
    case unknown
    /// Telegram refused its mark-up; it is sent as plain text.
    case plain
}
