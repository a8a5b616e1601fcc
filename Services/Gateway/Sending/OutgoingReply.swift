import Contracts
import Dialogue
import Logging

/// A message on its way to a person, with all that is needed to send it later, from another process.
struct OutgoingReply: Sendable, Equatable {
    /// The update to which it replies; 0 for none. One reply is queued for each update.
    var updateID: Int64
    /// The chat of the messages `replyTo` and `replaces`. If it became a supergroup, the reply goes there.
    var chatID: Int64
    var threadID: Int64?
    var isGroup: Bool
    var html: String
    var plainText: String
    var buttons: [[Reply.Button]]
    var replyTo: Int64?
    /// Whether Telegram asks the author of `replyTo` for a reply to it, or without one the lane's person, who is then
    /// mentioned.
    var asksForReply = false
    /// The message of the bot that it replaces.
    var replaces: Int64?
    var queuedAt: Timestamp
    /// When the update was received; nil if it replies to none.
    var receivedAt: Timestamp?

    /// The fields by which an operator finds the log lines of a chat or an update.
    var logMetadata: Logger.Metadata {
        ["update.id": "\(updateID)", "chat.id": "\(threadID.map { "\(chatID):\($0)" } ?? "\(chatID)")"]
    }

    /// Whether a newer reply makes this one needless: the newer one repeats the question.
    var isPrompt: Bool { !buttons.isEmpty || asksForReply }

    /// Whether a person sees no difference between the two.
    func says(_ other: OutgoingReply) -> Bool {
        chatID == other.chatID && threadID == other.threadID && html == other.html && buttons == other.buttons
            && replyTo == other.replyTo && asksForReply == other.asksForReply && replaces == nil
            && other.replaces == nil
    }

    /// How many bytes it takes in a row, at most: numbers and times, buttons, and both texts as JSON escapes them.
    var rowBytes: Int {
        let labels = buttons.joined().reduce(0) { $0 + $1.label.utf8.count + $1.data.utf8.count + 32 }
        return 400 + jsonBytes(html) + jsonBytes(plainText) + labels
    }

    private func jsonBytes(_ text: String) -> Int {
        text.utf8.reduce(0) { $0 + ($1 < 0x20 ? 6 : $1 == 0x22 || $1 == 0x5C ? 2 : 1) }
    }
}

extension OutgoingReply {
    /// - Parameters:
    ///   - repliesToMessage: whether it replies to the person's message. In a group each question does.
    ///   - lastMessageID: the person's last message of the entry, for a turn that has no message.
    init(
        _ reply: Reply, to turn: Turn, repliesToMessage: Bool, lastMessageID: Int64? = nil,
        replacesMessage: Bool = false, in texts: any Texts, at now: Timestamp
    ) {
        let isGroupQuestion = turn.isGroup && reply.isQuestion
        let reply = turn.isGroup ? reply.inGroup(in: texts) : reply
        let replyTo = repliesToMessage || isGroupQuestion ? turn.messageID ?? lastMessageID : nil
        self.init(
            updateID: turn.updateID, chatID: turn.chatID, threadID: turn.lane.topicID, isGroup: turn.isGroup,
            html: reply.html, plainText: reply.plainText, buttons: reply.buttons, replyTo: replyTo,
            asksForReply: isGroupQuestion && reply.buttons.isEmpty,
            replaces: replacesMessage ? turn.tap?.messageID : nil, queuedAt: now, receivedAt: turn.receivedAt)
    }

    /// A message that replies to no update. A group's id is negative.
    ///
    /// - Parameter lastMessageID: the person's last message of the entry, to which a question in a group replies.
    init(
        _ reply: Reply, toChat chatID: Int64, topic topicID: Int64? = nil, lastMessageID: Int64? = nil,
        in texts: any Texts, at now: Timestamp
    ) {
        let isGroup = chatID < 0
        let isGroupQuestion = isGroup && reply.isQuestion
        let replyTo = isGroupQuestion ? lastMessageID : nil
        let reply = isGroup ? reply.inGroup(in: texts) : reply
        self.init(
            updateID: 0, chatID: chatID, threadID: topicID, isGroup: isGroup, html: reply.html,
            plainText: reply.plainText, buttons: reply.buttons, replyTo: replyTo,
            asksForReply: isGroupQuestion && reply.buttons.isEmpty, queuedAt: now)
    }

    init?(json: JSONValue) {
        guard let updateID = json["update_id"]?.integerValue, let chatID = json["chat_id"]?.integerValue,
            let html = json["html"]?.stringValue, let plainText = json["plain"]?.stringValue,
            let queuedAt = json["queued_at"]?.stringValue.flatMap({ Timestamp(parsing: $0) })
        else { return nil }
        let buttons = (json["buttons"]?.arrayValue ?? []).map { row in
            (row.arrayValue ?? []).compactMap { button -> Reply.Button? in
                guard let label = button["label"]?.stringValue, let data = button["data"]?.stringValue else {
                    return nil
                }
                return Reply.Button(label: label, data: data)
            }
        }
        self.init(
            updateID: updateID, chatID: chatID, threadID: json["thread_id"]?.integerValue,
            isGroup: json["is_group"]?.boolValue ?? false, html: html, plainText: plainText,
            buttons: buttons.filter { !$0.isEmpty }, replyTo: json["reply_to"]?.integerValue,
            asksForReply: json["asks_for_reply"]?.boolValue ?? false,
            replaces: json["replaces"]?.integerValue, queuedAt: queuedAt,
            receivedAt: json["received_at"]?.stringValue.flatMap { Timestamp(parsing: $0) })
    }

    var json: JSONValue {
        [
            "update_id": .integer(updateID),
            "chat_id": .integer(chatID),
            "thread_id": threadID.map(JSONValue.integer) ?? .null,
            "is_group": .bool(isGroup),
            "html": .string(html),
            "plain": .string(plainText),
            "buttons": .array(
                buttons.map { row in .array(row.map { ["label": .string($0.label), "data": .string($0.data)] }) }),
            "reply_to": replyTo.map(JSONValue.integer) ?? .null,
            "asks_for_reply": .bool(asksForReply),
            "replaces": replaces.map(JSONValue.integer) ?? .null,
            "queued_at": .string(queuedAt.description),
            "received_at": (receivedAt?.description).json,
        ]
    }
}
