import ArgumentParser
import Contracts
import TelegramBotAPI

/// Deletes the webhook that is set.
struct DeleteWebhookCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Deletes the webhook that is set, so that Telegram answers polls again.",
        discussion: """
            No update is dropped: waiting updates stay at Telegram. Make sure that no other program needs the webhook. \
            While RIVET_WEBHOOK_URL is set, the command deletes nothing: rivet-gateway would set the webhook again.

            With --json: {"deleted", "webhook"}.
            """)

    @OptionGroup var options: WebhookOptions
    var json: Bool { options.json }

    func run() async throws {
        let access = try await options.access()
        guard access.webhook == nil else {
            throw CommandFailure(
                "RIVET_WEBHOOK_URL is set, so rivet-gateway would set the webhook again",
                nextStep: "Remove it from the settings and restart rivet-gateway, then run this again")
        }
        let info = try await access.ask { bot throws(TelegramError) in try await bot.getWebhookInfo() }
        if info.isSet { try await access.ask { bot throws(TelegramError) in try await bot.deleteWebhook() } }
        if json {
            return try Output.print([
                "deleted": .bool(info.isSet), "webhook": (info.address?.text).json,
            ])
        }
        try Output.print([
            info.address.map { "the webhook at \($0) is deleted; waiting updates come with the next poll" }
                ?? "no webhook is set"
        ])
    }
}
