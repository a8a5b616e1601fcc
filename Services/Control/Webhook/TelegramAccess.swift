import Logging
import ServiceKit
import TelegramBotAPI

/// The Bot API server and the token in rivet-gateway's settings.
struct TelegramAccess {
    var url: BotServerURL
    /// Nil if there is none.
    var token: BotToken?

    init(_ settings: Settings) throws(ConfigurationError) {
        url =
            try settings.parsed(
                "TELEGRAM_API_URL", accepted: "the URL of a Bot API server, https://…",
                as: { text throws(BotServerURL.Malformed) in try BotServerURL(text) }) ?? .telegram
        token = try settings.secret(
            "TELEGRAM_BOT_TOKEN", credential: "telegram-bot-token",
            as: { text throws(MalformedBotToken) in try BotToken(text) })
    }

    /// The webhook in the settings; nil if the gateway polls for updates.
    static func webhook(_ settings: Settings) throws(ConfigurationError) -> WebhookURL? {
        try settings.parsed(
            "RIVET_WEBHOOK_URL", accepted: WebhookURL.accepted,
            as: { text throws(WebhookURL.Malformed) in try WebhookURL(text) })
    }

    /// Whether there is a secret by which the gateway recognizes Telegram's requests.
    static func hasWebhookSecret(_ settings: Settings) throws(ConfigurationError) -> Bool {
        try settings.secret(
            "RIVET_WEBHOOK_SECRET", credential: "webhook-secret",
            as: { text throws(WebhookSecret.Malformed) in try WebhookSecret(text) }) != nil
    }

    /// Makes a call to the Bot API.
    /// - Returns: nil when there is no response within `timeout`.
    func ask<Value: Sendable>(
        with token: BotToken, within timeout: Duration,
        _ call: @escaping @Sendable (TelegramBot) async throws(TelegramError) -> Value
    ) async -> Result<Value, TelegramError>? {
        let transport = CurlTransport()
        defer { transport.shutDown() }
        let bot = TelegramBot(
            baseURL: url.text, token: token, transport: transport,
            logger: Logger(label: "rivetctl") { _ in SwiftLogNoOpLogHandler() })
        return await withTaskGroup(of: Result<Value, TelegramError>?.self) { group in
            group.addTask {
                do throws(TelegramError) { return .success(try await call(bot)) } catch { return .failure(error) }
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}
