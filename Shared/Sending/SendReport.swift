/// What an operator should know of an item.
public enum SendReport: Sendable, Equatable {
    /// Telegram refused it in each form.
    case refused
    /// It could not be sent for as long as it is kept.
    case expired
    /// All its tries had an unknown outcome.
    case unknown
    /// Telegram refused its mark-up; it is sent as plain text.
    case plain
}
