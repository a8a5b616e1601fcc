import Dialogue
import Logging
import Synchronization
import TelegramBotAPI

/// The bot's name, as Telegram reports it, and the menu of commands that Telegram shows. Receiving waits for neither.
final class BotProfile: Sendable {
    private let bot: TelegramBot
    private let texts: any Texts
    private let logger: Logger
    private let name = Mutex<String?>(nil)

    init(bot: TelegramBot, texts: any Texts, logger: Logger) {
        self.bot = bot
        self.texts = texts
        self.logger = logger
    }

    /// Nil until Telegram has reported it.
    var botName: String? { name.withLock { $0 } }

    /// Gets the name and sets the menu. Returns when Telegram has responded to both calls, or on cancellation.
    func run() async {
        await retrying {
            let me = try await self.bot.getMe()
            self.name.withLock { $0 = me.username }
            self.logger.info("Telegram reported the bot's name", metadata: ["bot": "\(me.username ?? "?")"])
        }
        await retrying { try await self.bot.setMyCommands(self.menu) }
    }

    private var menu: [BotCommand] {
        Commands.menu(in: texts).map { BotCommand(command: $0.name, description: $0.description) }
    }

    /// Calls until Telegram accepts or refuses.
    private func retrying(_ call: () async throws -> Void) async {
        var backoff = Backoff(base: .seconds(1), cap: .seconds(60))
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            do { return try await call() } catch {
                var wait = backoff.failed(using: &generator)
                if let error = error as? TelegramError {
                    if case .badRequest = error {
                        logger.error("Telegram refuses the bot's profile", metadata: ["error": "\(error)"])
                        return
                    }
                    if case .tooManyRequests(let retryAfter) = error { wait = max(wait, retryAfter) }
                }
                try? await Task.sleep(for: wait)
            }
        }
    }
}
