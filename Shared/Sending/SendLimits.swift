/// The values of `RIVET_SEND_LIMITS`.
public enum SendLimits: String, Sendable, CaseIterable {
    /// At most 30 messages in any second overall, 20 in any minute to a group, and to one chat 1 a second after a burst
    /// of 20.
    case telegram
    /// Only the pauses that a 429 demands.
    case none

    static let overallMax = 30
    static let groupMax = 20
    static let chatBurstMax = 20

    // Each period is a little longer than Telegram's. Telegram counts messages when they arrive, and two messages that
    // leave one period apart may arrive closer together. This costs less than the quarter that the contract allows.
    static let overallPeriod: Duration = .milliseconds(1_100)
    static let groupPeriod: Duration = .seconds(62)
    static let chatInterval: Duration = .milliseconds(1_020)
    static let chatSlack: Duration = .milliseconds(100)
}
