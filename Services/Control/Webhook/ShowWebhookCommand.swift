import ArgumentParser
import ServiceKit
import TelegramBotAPI

/// Shows the webhook that is set.
struct ShowWebhookCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows the webhook that is set, if there is one, and its last failure.",
        discussion: """
            With --json: {"webhook", "ours", "pending", "max_connections", "last_failure": {"at", "reason"}}; webhook \
            is null if none is set.
            """)

    @OptionGroup var options: WebhookOptions
    var json: Bool { options.json }

    func run() async throws {
        let access = try await options.access()
        let info = try await access.ask { bot throws(TelegramError) in try await bot.getWebhookInfo() }
        let listing = WebhookListing(info: info, ours: access.webhook, now: .now())
        if json { try Output.print(listing.json) } else { try Output.print(listing.lines) }
    }
}
