import TelegramBotAPI

extension UpdatePoller: UpdateSource {
    var activity: String { "polling Telegram" }

    /// Telegram shows no more than a batch from the first unsettled update on.
    var isFull: Bool { unsettledCount >= PollSchedule.Limits().batchMax }
}
