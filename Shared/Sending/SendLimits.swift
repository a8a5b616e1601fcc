/// The values of `RIVET_SEND_LIMITS`.
public enum SendLimits: String, Sendable, CaseIterable {
    /// At most 30 messages in any second overall, 20 in any minute to a group, and to a chat 1 a second after a burst of 20.
    case telegram
    /// Only what a 429 says.
    case none

    static let overallMax = 30
    static let groupMax = 20
    static let chatBurstMax = 20

    // Telegram counts messages when they arrive, so each period is a little longer than Telegram's: two messages that leave a
    // period apart may arrive closer together. What this costs is less than the quarter that the contract allows.
    static let overallPeriod: Duration = .milliseconds(1_100)
    static let groupPeriod: Duration = .seconds(62)
    static let chatInterval: Duration = .milliseconds(1_020)
    static let chatSlack: Duration = .milliseconds(100)
}
