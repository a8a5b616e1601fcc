/// What was wrong with a call, as far as a client can do something about it. Telegram tells it in words only.
public enum BadRequest: Sendable, Equatable {
    /// The edit would change nothing: it is as if it had succeeded.
    case messageNotModified
    /// Our mark-up is wrong: send it again as plain text, and log it.
    case cannotParseEntities
    /// The tap was answered too late: harmless.
    case queryTooOld
    /// There is no such chat, or the bot never met it: final for this chat.
    case chatNotFound
    /// The group is a supergroup of this id now: re-key what is kept under the old one, and send there.
    case migrated(to: Int64)
    /// The message is gone or out of reach for edits: send a new one.
    case messageToEditNotFound
    /// The message answered is gone: send without `replyTo`.
    case repliedMessageNotFound
    /// The topic was deleted: send without it.
    case topicNotFound
    /// Anything else, in words of Telegram's that Rivet knows.
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
        case .repliedMessageNotFound: "message to answer not found"
        case .topicNotFound: "topic not found"
        case .other(let text): text
        }
    }
}
