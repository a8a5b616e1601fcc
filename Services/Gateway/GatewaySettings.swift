import Sending
import ServiceKit
import TelegramBotAPI

/// The settings of `rivet-gateway`.
struct GatewaySettings {
    var token: BotToken
    var telegramURL: BotServerURL
    var sendLimits: SendLimits
    var allowedUsers: AllowedUsersSetting
    /// Nil if updates are polled.
    var webhook: WebhookSettings?
    /// The file with the allow-list that is in force.
    var allowListPath: String
    /// The file with the time of Telegram's last response.
    var heardPath: String
    /// The file that keeps the bot's name.
    var botNamePath: String

    init(_ settings: Settings) throws(ConfigurationError) {
        guard
            let token = try settings.secret(
                "TELEGRAM_BOT_TOKEN", credential: "telegram-bot-token",
                as: { text throws(MalformedBotToken) in try BotToken(text) })
        else {
            throw ConfigurationError(
                name: "TELEGRAM_BOT_TOKEN", accepted: "required, the token that @BotFather gave: 123456:ABC…")
        }
        self.token = token
        telegramURL =
            try settings.parsed(
                "TELEGRAM_API_URL", accepted: "the URL of a Bot API server, https://…",
                as: { text throws(BotServerURL.Malformed) in try BotServerURL(text) }) ?? .telegram
        sendLimits = try settings.choice("RIVET_SEND_LIMITS", default: .telegram)
        allowedUsers = try AllowedUsersSetting(settings)
        webhook = try WebhookSettings(settings)
        allowListPath = settings.stateDirectory + "/gateway.allowed"
        heardPath = settings.stateDirectory + "/gateway.heard"
        botNamePath = settings.stateDirectory + "/gateway.bot"
    }
}
