import Contracts

/// What the bot did.
extension TelegramSimulator {
    /// The next message of the bot in `chat`, or edit of one, that was not taken yet; waits for it.
    ///
    /// Each chat is read on its own, first come first taken; so is each topic, when `thread` is given.
    /// - Throws: `SimulatorError` after `timeout`.
    public func nextBotMessage(
        in chat: Int64, thread: Int64? = nil, timeout: Duration = .seconds(10)
    ) async throws -> BotMessage {
        try await wait(for: "the bot said nothing in chat \(chat)", timeout: timeout) { core in
            core.messages.takeNext(in: chat, thread: thread)
        }
    }

    /// Takes messages until one contains `substring` in its text, and returns that one.
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

    /// All that the bot said in `chat`, edits too, oldest first; taken or not.
    public func allBotMessages(in chat: Int64) -> [BotMessage] { core.messages.spoken(in: chat) }

    /// How many times the bot said something in `chat`, edits too. Equal before and after is silence.
    public func botMessageCount(in chat: Int64) -> Int { core.messages.spoken(in: chat).count }

    /// How many times the bot said something, edits too, in all chats together.
    public var allMessageCount: Int { core.messages.spokenCount }

    /// Waits until the bot has said something `count` times, edits too, in all chats together.
    public func waitForBotMessages(_ count: Int, timeout: Duration = .seconds(10)) async throws {
        try await wait(for: "the bot said less than \(count) things", timeout: timeout) { core in
            core.messages.spokenCount >= count ? true : nil
        }
    }

    /// Takes all that the bot has said so far, so that `nextBotMessage` starts behind it.
    public func skipBotMessages(in chat: Int64, thread: Int64? = nil) {
        core.messages.skipAll(in: chat, thread: thread)
    }

    /// Taps that the bot answered in time, in order.
    public var answeredCallbacks: [AnsweredCallback] { core.callbacks.answered }

    /// The menu that the bot set with `setMyCommands`.
    public var commands: [BotCommand] { core.commands }

    /// How many requests for `method` came; faulty and refused ones count.
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

    /// `deleteWebhook` calls with `drop_pending_updates`. A careful bot makes none.
    public var droppedPending: Int { core.statistics.droppedPending }

    /// The `allowed_updates` that the bot asked for last; nil when it left them at the default.
    public var allowedUpdates: Set<String>? { core.poller.allowedKinds }
}
