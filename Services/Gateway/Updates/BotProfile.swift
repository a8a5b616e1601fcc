import Dialogue
import FoundationEssentials
import Logging
import Synchronization
import TelegramBotAPI

/// The bot's name, as Telegram reports it, and the menu of commands that Telegram shows. Receiving waits for neither.
///
/// A file keeps the name for the next process, since a command may name a bot before Telegram has reported the name. It
/// is asked for again once a day, and after a command that names another bot: the bot may have been renamed.
final class BotProfile: Sendable {
    static let askInterval: Duration = .seconds(86_400)
    /// The shortest time between two questions.
    static let askPause: Duration = .seconds(60)

    private let bot: TelegramBot
    private let botID: Int64?
    private let path: String
    private let texts: any Texts
    private let logger: Logger
    private let name: Mutex<String?>
    private let doubts: AsyncStream<Void>
    private let doubted: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - botID: of the bot that the token belongs to: the name of another one is not taken from the file.
    ///   - path: the file that keeps the name.
    init(bot: TelegramBot, botID: Int64?, path: String, texts: any Texts, logger: Logger) {
        self.bot = bot
        self.botID = botID
        self.path = path
        self.texts = texts
        self.logger = logger
        name = Mutex(Self.stored(at: path, botID: botID))
        (doubts, doubted) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    deinit { doubted.finish() }

    /// Nil until Telegram has reported it, to this process or to an earlier one.
    var botName: String? { name.withLock { $0 } }

    /// A command named another bot.
    func doubt() { doubted.yield() }

    /// Gets the name and sets the menu; then asks for the name from time to time. Until cancelled.
    func run() async {
        await retrying { self.learned(try await self.bot.getMe()) }
        await retrying { try await self.bot.setMyCommands(self.menu) }
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.askPause)
            await doubt(within: Self.askInterval)
            if !Task.isCancelled { await retrying { self.learned(try await self.bot.getMe()) } }
        }
    }

    private func learned(_ me: User) {
        let isNew = name.withLock { name in
            defer { name = me.username }
            return name != me.username
        }
        guard isNew, let name = me.username else { return }
        logger.info("Telegram reported the bot's name", metadata: ["bot": "\(name)"])
        do { try "\(me.id) \(name)".write(toFile: path, atomically: true, encoding: .utf8) } catch {
            logger.warning(
                "cannot write down the bot's name; the next process asks for it",
                metadata: ["path": "\(path)", "error": "\(error)"])
        }
    }

    /// Returns at the next doubt, and at the latest after `limit`.
    private func doubt(within limit: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in self.doubts { return } }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    private static func stored(at path: String, botID: Int64?) -> String? {
        guard let botID, let note = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        let parts = note.split(separator: " ")
        guard parts.count == 2, Int64(parts[0]) == botID else { return nil }
        return String(parts[1])
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
