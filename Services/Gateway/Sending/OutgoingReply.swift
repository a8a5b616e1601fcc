import Contracts
import Dialogue
import Logging

/// A message on its way to a person, with all that is needed to send it later, from another process.
struct OutgoingReply: Sendable, Equatable {
    /// The update to which it replies; 0 for none. One reply is queued for each update.
    var updateID: Int64
    var chatID: Int64
    var threadID: Int64?
    var isGroup: Bool
    var html: String
    var plainText: String
    var buttons: [[Reply.Button]]
    var replyTo: Int64?
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
    var isPrompt: Bool { !buttons.isEmpty }

    /// Whether a person sees no difference between the two.
    func says(_ other: OutgoingReply) -> Bool {
        chatID == other.chatID && threadID == other.threadID && html == other.html && buttons == other.buttons
            && replyTo == other.replyTo && replaces == nil && other.replaces == nil
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
    init(
        _ reply: Reply, to turn: Turn, repliesToMessage: Bool, replacesMessage: Bool = false, at now: Timestamp
    ) {
        self.init(
            updateID: turn.updateID, chatID: turn.lane.chatID, threadID: turn.lane.topicID, isGroup: turn.isGroup,
            html: reply.html, plainText: reply.plainText, buttons: reply.buttons,
            replyTo: repliesToMessage ? turn.messageID : nil,
            replaces: replacesMessage ? turn.tap?.messageID : nil, queuedAt: now, receivedAt: turn.receivedAt)
    }

    /// A message that replies to no update. A group's id is negative.
    init(_ reply: Reply, toChat chatID: Int64, topic topicID: Int64? = nil, at now: Timestamp) {
        self.init(
            updateID: 0, chatID: chatID, threadID: topicID, isGroup: chatID < 0, html: reply.html,
            plainText: reply.plainText, buttons: reply.buttons, replyTo: nil, queuedAt: now)
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
            "replaces": replaces.map(JSONValue.integer) ?? .null,
            "queued_at": .string(queuedAt.description),
            "received_at": (receivedAt?.description).json,
        ]
    }
}
