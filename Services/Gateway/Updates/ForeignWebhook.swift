import Logging
import TelegramBotAPI

/// Finds out, while polling is refused with 409, whether a webhook is why, and where. It deletes none.
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

    /// Until cancelled.
    func run() async {
        for await _ in conflicts {
            var told: WebhookAddress?
            while board.isInConflict, !Task.isCancelled {
                // What fails here fails for the poll, too, which tells of it.
                if let info = try? await bot.getWebhookInfo() {
                    board.foreignWebhook(info.address)
                    if let address = info.address, told != address {
                        told = address
                        logger.warning(
                            "a webhook is set, so Telegram answers no poll; rivetctl webhook delete takes it away",
                            metadata: ["webhook": "\(address)"])
                    }
                }
                await board.endOfConflict(within: Self.interval)
            }
            board.foreignWebhook(nil)
        }
    }
}
