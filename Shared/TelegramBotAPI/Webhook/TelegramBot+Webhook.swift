extension TelegramBot {
    /// The most updates that Telegram can deliver to a webhook at the same time.
    public static let webhookConnectionsMax = 100

    /// Telegram's information about the bot's webhook.
    public func getWebhookInfo() async throws(TelegramError) -> WebhookInfo {
        struct Parameters: Encodable {}
        return try await call("getWebhookInfo", Parameters())
    }

    /// Makes Telegram deliver updates, waiting ones included, to `url` and reject `getUpdates`. Replaces an earlier
    /// webhook.
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

    /// Removes the webhook, so that `getUpdates` works again. Waiting updates stay in the queue.
    public func deleteWebhook() async throws(TelegramError) {
        struct Parameters: Encodable {
            var drop_pending_updates = false
        }
        let _: Acknowledgement = try await call("deleteWebhook", Parameters())
    }
}
