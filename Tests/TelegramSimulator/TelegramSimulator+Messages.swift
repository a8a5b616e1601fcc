import Contracts

/// The bot's messages and calls.
extension TelegramSimulator {
    /// The bot's next message in `chat`, or edit of one, that was not consumed yet; waits for it.
    ///
    /// Each chat has its own order of consumption, and so has each topic if `thread` is given.
    /// - Throws: `SimulatorError` after `timeout`.
    public func nextBotMessage(
        in chat: Int64, thread: Int64? = nil, timeout: Duration = .seconds(10)
    ) async throws -> BotMessage {
        try await wait(for: "the bot said nothing in chat \(chat)", timeout: timeout) { core in
            core.messages.takeNext(in: chat, thread: thread)
        }
    }

    /// Consumes messages until the text of one contains `substring`, and returns that one.
    public func nextBotMessage(
        in chat: Int64, thread: Int64? = nil, containing substring: String, timeout: Duration = .seconds(10)
    ) async throws -> BotMessage {
        var last = "nothing"
        return try await wait(
            for: "the bot did not say “\(substring)” in chat \(chat); last it said: \(last)", timeout: timeout
        ) { core in
            while let message = core.messages.takeNext(in: chat, thread: thread) {
                last = message.text
                if message.text.contains(substring) { return message }
            }
            return nil
        }
    }

    /// All messages of the bot in `chat`, edits included, oldest first; consumed or not.
    public func allBotMessages(in chat: Int64) -> [BotMessage] { core.messages.spoken(in: chat) }

    /// The number of the bot's messages in `chat`, edits included. If it does not change, the bot is silent.
    public func botMessageCount(in chat: Int64) -> Int { core.messages.spoken(in: chat).count }

    /// The number of the bot's messages in all chats, edits included.
    public var allMessageCount: Int { core.messages.spokenCount }

    /// Waits until the bot has sent `count` messages in all chats, edits included.
    public func waitForBotMessages(_ count: Int, timeout: Duration = .seconds(10)) async throws {
        try await wait(for: "the bot said less than \(count) things", timeout: timeout) { core in
            core.messages.spokenCount >= count ? true : nil
        }
    }

    /// Consumes all present messages, so that `nextBotMessage` returns later ones only.
    public func skipBotMessages(in chat: Int64, thread: Int64? = nil) {
        core.messages.skipAll(in: chat, thread: thread)
    }

    /// The taps that the bot acknowledged in time, in order.
    public var answeredCallbacks: [AnsweredCallback] { core.callbacks.answered }

    /// The menu that the bot set with `setMyCommands`.
    public var commands: [MenuCommand] { core.commands }

    /// The number of requests for `method`; faulty and refused ones count.
    public func requests(_ method: String) -> Int {
        core.statistics.requests[SimulatorCore.canonical(method)] ?? 0
    }

    /// Waits until `count` requests for `method` have come.
    public func waitForRequests(_ method: String, count: Int, timeout: Duration = .seconds(10)) async throws {
        let name = SimulatorCore.canonical(method)
        try await wait(for: "fewer than \(count) requests for \(name)", timeout: timeout) { core in
            core.statistics.requests[name, default: 0] >= count ? true : nil
        }
    }

    /// `getUpdates` calls with an offset below zero. A careful bot makes none.
    public var negativeOffsets: Int { core.statistics.negativeOffsets }

    /// `deleteWebhook` calls with `drop_pending_updates`, which discard updates. A careful bot makes none.
    public var droppedPending: Int { core.statistics.droppedPending }

    /// The `allowed_updates` of the bot's last request that had any; nil for Telegram's default.
    public var allowedUpdates: Set<String>? { core.poller.allowedKinds }
}
