import ArgumentParser

/// Shows or deletes the webhook that Telegram has for the bot.
struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Shows or deletes the webhook to which Telegram delivers the bot's updates.",
        discussion: """
            While a webhook is set, Telegram answers no poll. rivet-gateway sets the webhook in RIVET_WEBHOOK_URL, and \
            never deletes one. Only scheme, host and port of an address are shown: its path may contain a token.
            """,
        subcommands: [ShowWebhookCommand.self, DeleteWebhookCommand.self])
}
