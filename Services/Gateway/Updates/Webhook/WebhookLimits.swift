/// The bounds of the webhook's receiver.
enum WebhookLimits {
    /// The size of a request's body. Telegram's largest update, 4,096 escaped characters and the message to which they
    /// reply, takes less than 100 KiB.
    static let bodyBytesMax = 512 * 1_024
    /// Open connections. Telegram opens at most ``TelegramBot/webhookConnectionsMax``; a proxy may keep some more open
    /// that are over.
    static let connectionsMax = 128
    /// Updates handed over and not settled. At this number, new ones stay with Telegram.
    static let unsettledMax = 1_000
    /// How long a response waits for its update to be settled or parked. nginx and Telegram wait for 60 s.
    static let answerMax: Duration = .seconds(20)
    /// From a request's first line to its end.
    static let requestMax: Duration = .seconds(15)
    /// How long a connection may be open without a request.
    static let idleMax: Duration = .seconds(120)
    /// How long the loop that hands updates over may take for one update.
    static let latenessMax: Duration = .seconds(10)
}
