/// The words of `TroubleMessage`, and the addition to a reply whose effect is in memory only.
public protocol TroubleTexts: Sendable {
    func notAllowed(userID: String) -> Markup
    /// A notice is plain text of at most 200 characters (Bot API, `answerCallbackQuery`).
    var notAllowedNotice: String { get }
    var unreadableEntry: Markup { get }
    var unreadableEntryNotice: String { get }
    var anonymous: Markup { get }
    var tryAgain: Markup { get }
    var tryAgainNotice: String { get }
    var messageKept: Markup { get }
    var memoryOnly: Markup { get }
}
