import ArgumentParser

/// What Telegram knows of the bot's webhook.
struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Shows or deletes the webhook to which Telegram delivers the bot's updates.",
        discussion: """
            While a webhook is set, Telegram answers no poll. rivet-gateway sets the one of RIVET_WEBHOOK_URL by itself, and \
            never deletes one. Of an address only scheme, host and port are shown: its path may hold a token.
            """,
        subcommands: [ShowWebhookCommand.self, DeleteWebhookCommand.self])
}
