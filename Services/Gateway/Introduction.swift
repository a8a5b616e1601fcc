import Logging
import Synchronization
import TelegramBotAPI

/// The bot's name, and its menu of commands: asked for and set beside the polling, which waits for neither.
final class Introduction: Sendable {
    private let bot: TelegramBot
    private let logger: Logger
    private let name = Mutex<String?>(nil)

    init(bot: TelegramBot, logger: Logger) {
        self.bot = bot
        self.logger = logger
    }

    /// Nil as long as Telegram has not told it.
    var botName: String? { name.withLock { $0 } }

    /// Returns when Telegram has answered both, or on cancellation.
    func run() async {
        await persistently {
            let me = try await self.bot.getMe()
            self.name.withLock { $0 = me.username }
            self.logger.info("Telegram knows the bot", metadata: ["bot": "\(me.username ?? "?")"])
        }
        await persistently { try await self.bot.setMyCommands(Self.commands) }
    }

    private func persistently(_ call: () async throws -> Void) async {
        var backoff = Backoff(base: .seconds(1), cap: .seconds(60))
        var generator = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            do { return try await call() } catch {
                var wait = backoff.failed(using: &generator)
                if let error = error as? TelegramError {
                    if case .badRequest = error {
                        logger.error("Telegram refuses the introduction", metadata: ["error": "\(error)"])
                        return
                    }
                    if case .tooManyRequests(let retryAfter) = error { wait = max(wait, retryAfter) }
                }
                try? await Task.sleep(for: wait)
            }
        }
    }

    static let commands = [
        BotCommand(command: "addmachine", description: "Add a machine to your library"),
        BotCommand(command: "library", description: "Show what you have saved"),
        BotCommand(command: "skip", description: "Leave a question out"),
        BotCommand(command: "cancel", description: "Drop the entry you are making"),
        BotCommand(command: "help", description: "What Rivet does"),
    ]
}
