import ServiceKit
import TelegramBotAPI

/// The settings of `rivet-gateway`.
struct GatewaySettings {
    var token: BotToken
    var telegramURL: String
    var sendLimits: SendLimiter.Limits
    var allowedUsers: AllowedUsersSetting
    /// Where it is remembered who may use the bot.
    var allowListPath: String
    /// Where it is noted when Telegram was last heard from.
    var heardPath: String

    init(_ settings: Settings) throws(ConfigurationError) {
        guard let token = try settings.secret("TELEGRAM_BOT_TOKEN", credential: "telegram-bot-token") else {
            throw ConfigurationError(
                name: "TELEGRAM_BOT_TOKEN", accepted: "required, the token that @BotFather gave: 123456:ABC…")
        }
        self.token = BotToken(token)
        telegramURL = settings.string("TELEGRAM_API_URL") ?? "https://api.telegram.org"
        guard telegramURL.hasPrefix("https://") || telegramURL.hasPrefix("http://"), !telegramURL.contains(" ") else {
            throw ConfigurationError(
                name: "TELEGRAM_API_URL", value: telegramURL, accepted: "the URL of a Bot API server, https://…")
        }
        sendLimits = try settings.choice("RIVET_SEND_LIMITS", default: .telegram)
        allowedUsers = try AllowedUsersSetting(settings)
        allowListPath = settings.stateDirectory + "/gateway.allowed"
        heardPath = settings.stateDirectory + "/gateway.heard"
    }
}
