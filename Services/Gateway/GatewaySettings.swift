import ServiceKit
import TelegramBotAPI

/// The settings of `rivet-gateway`.
struct GatewaySettings {
    var token: BotToken
    var telegramURL: String
    var sendLimits: SendLimiter.Limits
    var allowedUsers: AllowedUsers

    init(_ settings: Settings) throws(ConfigurationError) {
        guard let token = try settings.secret("TELEGRAM_BOT_TOKEN", credential: "telegram-bot-token") else {
            throw Self.error(
                "TELEGRAM_BOT_TOKEN", nil, accepted: "required, the token that @BotFather gave: 123456:ABC…")
        }
        self.token = BotToken(token)
        telegramURL = settings.string("TELEGRAM_API_URL") ?? "https://api.telegram.org"
        guard telegramURL.hasPrefix("https://") || telegramURL.hasPrefix("http://"), !telegramURL.contains(" ") else {
            throw Self.error(
                "TELEGRAM_API_URL", telegramURL, accepted: "the URL of a Bot API server, https://…")
        }
        sendLimits = try settings.choice("RIVET_SEND_LIMITS", default: .telegram)
        allowedUsers = AllowedUsers(ids: try settings.integers("RIVET_ALLOWED_USERS"))
    }

    /// Only ServiceKit makes these errors: has it refuse a value, and names ours in its place.
    private static func error(
        _ name: String, _ value: String?, accepted: String
    ) -> ConfigurationError {
        do {
            _ = try Settings(variables: [name: "-"]).duration(name, default: .zero)
            preconditionFailure("a dash is no duration")
        } catch {
            var error = error
            error.value = value
            error.accepted = accepted
            return error
        }
    }
}
