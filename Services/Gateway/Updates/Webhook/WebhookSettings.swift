import KillPoints
import ServiceKit
import TelegramBotAPI

/// The settings of receiving by webhook.
struct WebhookSettings: Sendable {
    var url: WebhookURL
    var secret: WebhookSecret
    /// Where the gateway listens if systemd hands no socket over.
    var listener: WebhookListener
    /// How long a response waits for its update.
    var answerMax: Duration

    /// Nil if updates are polled.
    ///
    /// - Throws: for a malformed setting, even if the address is missing: otherwise the error would come later.
    init?(_ settings: Settings) throws(ConfigurationError) {
        let url = try settings.parsed(
            "RIVET_WEBHOOK_URL", accepted: WebhookURL.accepted,
            as: { text throws(WebhookURL.Malformed) in try WebhookURL(text) })
        let secret = try settings.secret(
            "RIVET_WEBHOOK_SECRET", credential: "webhook-secret",
            as: { text throws(WebhookSecret.Malformed) in try WebhookSecret(text) })
        let listener =
            try settings.parsed(
                "RIVET_WEBHOOK_LISTEN", accepted: WebhookListener.accepted,
                as: { text throws(WebhookListener.Malformed) in try WebhookListener(text) })
            ?? .path(settings.runtimeDirectory + "/webhook.sock")
        guard let url else { return nil }
        guard let secret else {
            throw ConfigurationError(
                name: "RIVET_WEBHOOK_SECRET",
                accepted: "required with RIVET_WEBHOOK_URL: 1 to 256 letters, digits, \"_\" or \"-\" by which "
                    + "the gateway recognizes Telegram's requests; `openssl rand -hex 32` makes one")
        }
        self.url = url
        self.secret = secret
        self.listener = listener
        answerMax = testMilliseconds("RIVET_WEBHOOK_ANSWER_MS").map { .milliseconds($0) } ?? WebhookLimits.answerMax
    }
}
