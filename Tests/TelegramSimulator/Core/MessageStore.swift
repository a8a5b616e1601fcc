import Contracts

/// A message of the bot or of a person.
struct StoredMessage: Sendable {
    let id: Int64
    let chat: Int64
    let thread: Int64?
    /// Nil for the bot's messages.
    let sender: Int64?
    /// Unix time.
    let sentAtSeconds: Int64
    /// The text, or the caption of an attachment.
    var content: FormattedText
    /// The text as the bot sent it.
    var source: String
    var keyboard: [[BotMessage.Button]]
    let photoFileID: String?
    /// Members of the message as they are: `photo`, `sticker`, `voice`, service fields.
    let attachment: [String: JSONValue]
    let replyTo: Int64?
    var editedAtSeconds: Int64?
    /// The request for a reply that the message carries.
    var forcedReply: ForcedReply?

    func asBotMessage(isEdit: Bool) -> BotMessage {
        BotMessage(
            messageID: id, chat: chat, thread: thread, html: source, text: content.text, entities: content.entities,
            keyboard: keyboard, photoFileID: photoFileID, replyTo: replyTo, isEdit: isEdit,
            asksForReply: forcedReply != nil)
    }
}

/// All messages by chat, and the bot's messages in the order of sending.
struct MessageStore: Sendable {
    private struct Cursor: Hashable, Sendable {
        let chat: Int64
        let thread: Int64?
    }

    private var byChat: [Int64: [Int64: StoredMessage]] = [:]
    private var spoken: [Int64: [BotMessage]] = [:]
    /// The number of the bot's messages in all chats, edits included.
    private(set) var spokenCount = 0
    private var cursors: [Cursor: Int] = [:]
    private var lastGroupMessageIDs: [Int64: Int64] = [:]
    private var lastPrivateMessageID: Int64 = 0

    /// The ID of the next message in `chat`. Each group counts separately, so two groups have equal IDs.
    mutating func nextID(in chat: Int64) -> Int64 {
        guard chat < 0 else {
            lastPrivateMessageID += 1
            return lastPrivateMessageID
        }
        lastGroupMessageIDs[chat, default: 0] += 1
        return lastGroupMessageIDs[chat] ?? 1
    }

    subscript(chat: Int64, id: Int64) -> StoredMessage? { byChat[chat]?[id] }

    /// All messages of a chat, oldest first.
    func messages(in chat: Int64) -> [StoredMessage] { (byChat[chat] ?? [:]).values.sorted { $0.id < $1.id } }

    mutating func add(_ message: StoredMessage) {
        byChat[message.chat, default: [:]][message.id] = message
        if message.sender == nil { say(message.asBotMessage(isEdit: false)) }
    }

    mutating func replace(_ message: StoredMessage) {
        byChat[message.chat, default: [:]][message.id] = message
        if message.sender == nil { say(message.asBotMessage(isEdit: true)) }
    }

    private mutating func say(_ message: BotMessage) {
        spoken[message.chat, default: []].append(message)
        spokenCount += 1
    }

    mutating func remove(_ id: Int64, in chat: Int64) -> Bool { byChat[chat]?.removeValue(forKey: id) != nil }

    /// The bot's messages in `chat`, edits included, oldest first.
    func spoken(in chat: Int64) -> [BotMessage] { spoken[chat] ?? [] }

    /// The bot's next message there that was not consumed yet; each topic, and the chat as a whole, is read separately.
    mutating func takeNext(in chat: Int64, thread: Int64?) -> BotMessage? {
        let cursor = Cursor(chat: chat, thread: thread)
        let messages = spoken[chat] ?? []
        var index = cursors[cursor] ?? 0
        defer { cursors[cursor] = index }
        while index < messages.count {
            index += 1
            if thread == nil || messages[index - 1].thread == thread { return messages[index - 1] }
        }
        return nil
    }

    /// Consumes all present messages.
    mutating func skipAll(in chat: Int64, thread: Int64?) {
        cursors[Cursor(chat: chat, thread: thread)] = spoken[chat]?.count ?? 0
    }

    /// The newest message in `chat` that shows the button now.
    func newestWithButton(_ labelOrData: String, in chat: Int64, thread: Int64?) -> StoredMessage? {
        (byChat[chat] ?? [:]).values
            .filter { $0.sender == nil && (thread == nil || $0.thread == thread) }
            .filter { $0.asBotMessage(isEdit: false).button(labelOrData) != nil }
            .max { $0.id < $1.id }
    }
}
