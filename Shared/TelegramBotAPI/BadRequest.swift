/// Why Telegram rejected a call, for the causes that a client can react to. Telegram states the cause only as text.
public enum BadRequest: Sendable, Equatable {
    /// The edit would change nothing. Treat it as a success.
    case messageNotModified
    /// The bot's mark-up is wrong. Send the message again as plain text, and log it.
    case cannotParseEntities
    /// The tap is too old to acknowledge. This is harmless.
    case queryTooOld
    /// The chat does not exist, or the bot has never been in it. This is final for the chat.
    case chatNotFound
    /// The group became a supergroup with this id. Store under the new id what is stored under the old one, and send
    /// there.
    case migrated(to: Int64)
    /// The message is gone or can no longer be edited. Send a new one.
    case messageToEditNotFound
    /// The message to reply to is gone. Send without `replyTo`.
    case repliedMessageNotFound
    /// The topic was deleted. Send without it.
    case topicNotFound
    /// Any other cause, as one of Telegram's phrases that Rivet knows.
    case other(String)

    init(description: String, migrateToChatID: Int64?) {
        if let migrateToChatID {
            self = .migrated(to: migrateToChatID)
            return
        }
        let text = description.lowercased()
        self = Self.phrases.first { text.contains($0.0) }?.1 ?? .other(ServerWords.known(in: description))
    }

    private static let phrases: [(String, BadRequest)] = [
        ("message is not modified", .messageNotModified),
        ("can't parse entities", .cannotParseEntities),
        ("can't find end of", .cannotParseEntities),
        ("unsupported start tag", .cannotParseEntities),
        ("query is too old", .queryTooOld),
        ("query id is invalid", .queryTooOld),
        ("chat not found", .chatNotFound),
        ("message to edit not found", .messageToEditNotFound),
        ("message can't be edited", .messageToEditNotFound),
        ("message_id_invalid", .messageToEditNotFound),
        ("message to be replied not found", .repliedMessageNotFound),
        ("message to reply not found", .repliedMessageNotFound),
        ("message thread not found", .topicNotFound),
        ("topic_deleted", .topicNotFound),
    ]
}

extension BadRequest: CustomStringConvertible {
    public var description: String {
        switch self {
        case .messageNotModified: "message is not modified"
        case .cannotParseEntities: "entities cannot be parsed"
        case .queryTooOld: "query is too old"
        case .chatNotFound: "chat not found"
        case .migrated: "the group became a supergroup"
        case .messageToEditNotFound: "message to edit not found"
        case .repliedMessageNotFound: "message to reply to not found"
        case .topicNotFound: "topic not found"
        case .other(let text): text
        }
    }
}
