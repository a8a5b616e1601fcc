import Logging
import TelegramBotAPI

/// While polling is refused with 409, finds out whether a webhook is the reason, and its address. Deletes no webhook.
final class ForeignWebhook: Sendable {
    static let interval: Duration = .seconds(30)

    private let bot: TelegramBot
    private let board: StatusBoard
    private let logger: Logger
    private let conflicts: AsyncStream<Void>
    private let conflicted: AsyncStream<Void>.Continuation

    init(bot: TelegramBot, board: StatusBoard, logger: Logger) {
        self.bot = bot
        self.board = board
        self.logger = logger
        (conflicts, conflicted) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Polling was refused.
    func conflictBegan() { conflicted.yield() }

    /// Runs until cancelled.
    func run() async {
        for await _ in conflicts {
            var logged: WebhookAddress?
            while board.isInConflict, !Task.isCancelled {
                // If this call fails, the poll fails as well and reports it.
                if let info = try? await bot.getWebhookInfo() {
                    board.foreignWebhook(info.address)
                    if let address = info.address, logged != address {
                        logged = address
                        logger.warning(
                            "a webhook is set, so Telegram refuses polling; rivetctl webhook delete deletes it",
                            metadata: ["webhook": "\(address)"])
                    }
                }
                await board.endOfConflict(within: Self.interval)
            }
            board.foreignWebhook(nil)
        }
    }
}
