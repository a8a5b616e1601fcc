extension TelegramBot {
    /// Updates that Telegram may deliver to a webhook at a time: its maximum.
    public static let webhookConnectionsMax = 100

    /// What Telegram knows of the bot's webhook.
    public func getWebhookInfo() async throws(TelegramError) -> WebhookInfo {
        struct Parameters: Encodable {}
        return try await call("getWebhookInfo", Parameters())
    }

    /// Has Telegram deliver updates to `url`, those that wait too, instead of answering `getUpdates`. Replaces what was set before.
    public func setWebhook(
        _ url: WebhookURL, secret: WebhookSecret, allowedUpdates: [UpdateKindName] = UpdateKindName.allCases,
        connectionsMax: Int = webhookConnectionsMax
    ) async throws(TelegramError) {
        struct Parameters: Encodable {
            var url: String
            var secret_token: String
            var allowed_updates: [UpdateKindName]
            var max_connections: Int
        }
        let _: Acknowledgement = try await call(
            "setWebhook",
            Parameters(
                url: url.text, secret_token: secret.text, allowed_updates: allowedUpdates,
                max_connections: connectionsMax))
    }

    /// Has Telegram answer `getUpdates` again. Updates that wait go on waiting.
    public func deleteWebhook() async throws(TelegramError) {
        struct Parameters: Encodable {
            var drop_pending_updates = false
        }
        let _: Acknowledgement = try await call("deleteWebhook", Parameters())
    }
}
