/// The bounds of the webhook's receiver.
enum WebhookLimits {
    /// Of a request's body. Telegram's largest update, 4,096 escaped characters and what they reply to, takes less than 100 KiB.
    static let bodyBytesMax = 512 * 1_024
    /// More than Telegram has open, which is at most ``TelegramBot/webhookConnectionsMax``: a proxy may keep some that are over.
    static let connectionsMax = 128
    /// Updates handed over and not settled; with so many, new ones stay with Telegram.
    static let unsettledMax = 1_000
    /// How long an answer waits for its update to be settled or parked: nginx waits for 60 s, and so does Telegram.
    static let answerMax: Duration = .seconds(20)
    /// From a request's first line to its end.
    static let requestMax: Duration = .seconds(15)
    /// How long a connection may be open without a request.
    static let idleMax: Duration = .seconds(120)
    /// How late the loop that hands over may be.
    static let latenessMax: Duration = .seconds(10)
}
