/// A person in one chat, so that a test reads like the conversation that it checks.
public struct Person: Sendable {
    let simulator: TelegramSimulator
    public let id: Int64
    /// The chat in which this person writes: the private chat with the bot, unless `in(_:thread:)` chose another one.
    public let chat: Int64
    public let thread: Int64?

    /// The same person in a group, or a topic of one.
    public func `in`(_ chat: Int64, thread: Int64? = nil) -> Person {
        Person(simulator: simulator, id: id, chat: chat, thread: thread)
    }

    /// Writes `text`; returns the ID of the update.
    @discardableResult
    public func send(_ text: String) async throws -> Int64 {
        try await simulator.send(text, from: id, chat: chat, thread: thread)
    }

    /// Says `text` to the other people in the group: in privacy mode the bot does not get it.
    public func talk(_ text: String) async { await simulator.talk(text, from: id, chat: chat, thread: thread) }

    /// Writes `text`; returns the bot's next message.
    public func ask(_ text: String, timeout: Duration = .seconds(10)) async throws -> BotMessage {
        try await send(text)
        return try await nextMessage(timeout: timeout)
    }

    @discardableResult
    public func sendPhoto(fileID: String = "photo-1", caption: String = "") async throws -> Int64 {
        try await simulator.sendPhoto(from: id, fileID: fileID, caption: caption, chat: chat, thread: thread)
    }

    @discardableResult
    public func sendSticker() async throws -> Int64 {
        try await simulator.sendSticker(from: id, chat: chat, thread: thread)
    }

    @discardableResult
    public func sendVoice() async throws -> Int64 {
        try await simulator.sendVoice(from: id, chat: chat, thread: thread)
    }

    /// Taps the button with this label or callback data, on `message` or on the newest message that shows one.
    @discardableResult
    public func tap(_ labelOrData: String, on message: Int64? = nil) async throws -> Int64 {
        try await simulator.tap(labelOrData, by: id, on: message, chat: chat, thread: thread)
    }

    /// The bot's next message in this chat.
    public func nextMessage(timeout: Duration = .seconds(10)) async throws -> BotMessage {
        try await simulator.nextBotMessage(in: chat, thread: thread, timeout: timeout)
    }

    /// The bot's next message that contains `substring`; the messages before it are consumed, too.
    public func nextMessage(containing substring: String, timeout: Duration = .seconds(10)) async throws -> BotMessage {
        try await simulator.nextBotMessage(in: chat, thread: thread, containing: substring, timeout: timeout)
    }
}
