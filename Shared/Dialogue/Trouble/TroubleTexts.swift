/// The words of `TroubleMessage`, and what is added to a reply whose effect no disk has yet.
public protocol TroubleTexts: Sendable {
    func notAllowed(userID: String) -> Markup
    /// Notices are plain texts of at most 200 characters (Bot API, `answerCallbackQuery`).
    var notAllowedNotice: String { get }
    var unreadableEntry: Markup { get }
    var unreadableEntryNotice: String { get }
    var tryAgain: Markup { get }
    var tryAgainNotice: String { get }
    var messageKept: Markup { get }
    var memoryOnly: Markup { get }
}
