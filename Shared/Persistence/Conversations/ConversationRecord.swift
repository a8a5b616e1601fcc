public import Contracts

/// The newest revision of one conversation, or its tombstone: what every tier holds of it.
public struct ConversationRecord: TieredRecord, Equatable {
    /// How many applied updates a key remembers: more than Telegram delivers again at one time, which is 100.
    public static let appliedUpdatesMax = 128
    /// How many of them stay although they will not come again, the newest: a call that was held up in a socket may be
    /// read after the next one, and a Bot API server that crashed may have forgotten what it was told last.
    public static let settledUpdatesKept = 8

    /// What an update was answered with, so that its repetition can be answered with the same.
    public struct AppliedEntry: Sendable, Equatable {
        public var updateID: Int64
        public var revision: Revision
        /// Nil when the update cleared the conversation.
        public var expiresAt: Timestamp?
    }

    /// The last clearing of the key, by whichever update.
    public struct Clearing: Sendable, Equatable {
        public var reason: StateClear.Reason
        public var outcome: JSONValue
        public var updateID: Int64?
    }

    public var key: ConversationKey
    public var revision: Revision
    /// A tombstone has no data, and expired when it was cleared.
    public var isClosed: Bool
    public var step: String
    public var data: [String: JSONValue]
    public var startedAt: Timestamp
    public var updatedAt: Timestamp
    public var expiresAt: Timestamp
    public var lastUpdateID: Int64?
    /// The recent ones, oldest first. A set by update id: ids may go down.
    public var appliedUpdates: [AppliedEntry]
    public var lastClearing: Clearing?

    /// The step of a row whose data could not be read. No dialogue knows it: the person is asked to begin again.
    public static let unreadableStep = "unreadable"

    public var isTombstone: Bool { isClosed }

    /// Its beginning stays too: no two conversations of a key have the same.
    public var emptied: ConversationRecord {
        ConversationRecord(
            key: key, revision: revision, isClosed: true, step: "", data: [:], startedAt: startedAt,
            updatedAt: .longGone, expiresAt: .longGone, appliedUpdates: [])
    }

    public func isOpen(at now: Timestamp) -> Bool { !isClosed && now < expiresAt }

    public func answer(to updateID: Int64, wasClear: Bool) -> AppliedEntry? {
        appliedUpdates.last { $0.updateID == updateID && ($0.expiresAt == nil) == wasClear }
    }

    public var memoryCost: Int {
        let fixed = 400
        return fixed + key.userID.utf8.count + key.chatID.utf8.count + step.utf8.count
            + 40 * appliedUpdates.count + JSONValue.object(data).memoryCost + (lastClearing?.outcome.memoryCost ?? 0)
    }
}

extension JSONValue {
    /// Roughly the bytes that this takes in memory.
    var memoryCost: Int {
        switch self {
        case .null, .bool, .integer: 24
        case .decimal(let text), .string(let text): 48 + text.utf8.count
        case .array(let elements): elements.reduce(64) { $0 + $1.memoryCost }
        case .object(let members): members.reduce(64) { $0 + 48 + $1.key.utf8.count + $1.value.memoryCost }
        }
    }
}

extension ConversationKey: TieredKey {
    public var cursorText: String { JSONValue.array([.string(userID), .string(chatID), .string(type)]).text }

    public init?(cursorText: String) {
        guard let parts = (try? JSONValue(parsing: cursorText))?.arrayValue?.compactMap(\.stringValue), parts.count == 3
        else { return nil }
        self.init(userID: parts[0], chatID: parts[1], type: parts[2])
    }
}
