import Contracts
import Dialogue
import KillPoints
import Logging
import Synchronization
import TelegramBotAPI

/// Sends messages, within Telegram's limits.
final class Courier: Sendable {
    /// How long a reply may take before it goes to the outbox.
    static let patience: Duration = .seconds(3)
    static let retryBase: Duration = .milliseconds(100)

    enum Outcome: Sendable, Equatable {
        case sent
        /// The chat cannot be reached any more, or not with this.
        case dropped
        /// Not within the time given. `readyIn` is how long Telegram wants to be left alone.
        case late(readyIn: Duration)
        case stopping
    }

    private let bot: TelegramBot
    private let limiter: Mutex<SendLimiter>
    private let counters: Counters
    private let logger: Logger
    private let time: PollerTime

    init(
        bot: TelegramBot, limits: SendLimiter.Limits, counters: Counters, logger: Logger, time: PollerTime = .continuous
    ) {
        self.bot = bot
        limiter = Mutex(SendLimiter(limits))
        self.counters = counters
        self.logger = logger
        self.time = time
    }

    /// Sends `reply` if that can be done within `patience`.
    func send(_ reply: OutgoingReply, within patience: Duration = patience) async -> Outcome {
        let deadline = time.now() + patience
        var attempt = SendAttempt(reply)
        var backoff = Backoff(base: Self.retryBase, cap: .seconds(1))
        var wait = limiter.withLock { $0.reserve(chat: reply.chatID, isGroup: reply.isGroup, now: time.now()) }
        while true {
            wait = max(wait, limiter.withLock { $0.pause(chat: attempt.chatID, now: time.now()) })
            if time.now() + wait > deadline { return .late(readyIn: wait) }
            if wait > .zero { await time.sleep(time.now() + wait) }
            if Task.isCancelled { return .stopping }
            killPoint("gateway.before-send")
            guard let error = await post(reply, attempt, until: deadline) else {
                killPoint("gateway.after-send")
                counters.add(.repliesSent)
                return .sent
            }
            if Task.isCancelled { return .stopping }
            let wasPlain = attempt.isPlain
            let verdict = attempt.failed(error)
            if attempt.isPlain, !wasPlain {
                log(reply, "Telegram refused the mark-up of a reply; it is sent as plain text", error)
            }
            switch verdict {
            case .again: wait = .zero
            case .later:
                var generator = SystemRandomNumberGenerator()
                wait = backoff.failed(using: &generator)
            case .after(let pause):
                limiter.withLock { $0.tooManyRequests(chat: attempt.chatID, retryAfter: pause, now: time.now()) }
                wait = pause
            case .impossible:
                log(reply, "a reply cannot be sent; it is dropped", error)
                counters.add(.repliesFailed)
                return .dropped
            }
        }
    }

    /// Puts `reply` in place of a message of ours. False if that message cannot be changed now.
    func replace(messageID: Int64, with reply: OutgoingReply) async -> Bool {
        let error = await within(time.now() + Self.patience) { [bot] in
            await Self.failure { () async throws(TelegramError) in
                try await bot.editMessageText(
                    chatID: reply.chatID, messageID: messageID, text: reply.html, parseMode: .html,
                    replyMarkup: Self.markup(reply))
            }
        }
        guard let error else {
            counters.add(.repliesSent)
            return true
        }
        return error == .badRequest(.messageNotModified)
    }

    /// Ends the spinner on a button. Whether that works is nobody's loss.
    func answer(tap queryID: String, text: String? = nil) async {
        let error = await within(time.now() + Self.patience) { [bot] in
            await Self.failure { () async throws(TelegramError) in
                try await bot.answerCallbackQuery(id: queryID, text: text)
            }
        }
        if let error, error != .badRequest(.queryTooOld), !error.isCancellation {
            logger.debug("a tap could not be answered", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - Parts

    private func post(_ reply: OutgoingReply, _ attempt: SendAttempt, until deadline: Duration) async -> TelegramError?
    {
        await within(deadline) { [bot] in
            await Self.failure { () async throws(TelegramError) in
                try await bot.sendMessage(
                    chatID: attempt.chatID, threadID: attempt.threadID,
                    text: attempt.isPlain ? reply.plainText : reply.html, parseMode: attempt.isPlain ? nil : .html,
                    replyMarkup: Self.markup(reply), replyTo: attempt.replyTo)
            }
        }
    }

    private static func markup(_ reply: OutgoingReply) -> InlineKeyboardMarkup? {
        guard !reply.buttons.isEmpty else { return nil }
        return InlineKeyboardMarkup(
            rows: reply.buttons.map { $0.map { InlineKeyboardButton(text: $0.label, callbackData: $0.data) } })
    }

    private static func failure(_ call: () async throws(TelegramError) -> Void) async -> TelegramError? {
        do {
            try await call()
            return nil
        } catch {
            return error
        }
    }

    /// The call's failure; it is broken off at `deadline`, and its outcome is unknown then.
    private func within(
        _ deadline: Duration, _ call: @escaping @Sendable () async -> TelegramError?
    ) async -> TelegramError? {
        let time = time
        return await withTaskGroup(of: TelegramError??.self) { group in
            group.addTask { .some(await call()) }
            group.addTask {
                await time.sleep(deadline)
                return nil
            }
            // Whichever ends first, the call's own end is what counts: broken off, it still says how.
            var outcome: TelegramError?
            while let ended = await group.next() {
                group.cancelAll()
                if let ended { outcome = ended }
            }
            return outcome
        }
    }

    private func log(_ reply: OutgoingReply, _ message: Logger.Message, _ error: TelegramError) {
        logger.error(message, metadata: reply.logMetadata.merging(["error": "\(error)"]) { own, _ in own })
    }
}
