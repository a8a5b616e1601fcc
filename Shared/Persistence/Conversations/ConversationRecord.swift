public import Contracts

/// The newest revision of one conversation, or its tombstone, as every tier stores it.
public struct ConversationRecord: TieredRecord, Equatable {
    /// The most applied updates that a key remembers: more than Telegram delivers again at one time, which is 100.
    public static let appliedUpdatesMax = 128
    /// The number of newest updates that stay although Telegram will not deliver them again. A call that was delayed in
    /// a socket may be read after the next one, and a Bot API server that crashed may have forgotten the last
    /// confirmation.
    public static let settledUpdatesKept = 8

    /// The result of an update, so that its repetition gets the same one.
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
        /// The content of the conversation, if it may be resumed.
        public var kept: Kept?

        public init(reason: StateClear.Reason, outcome: JSONValue, updateID: Int64?, kept: Kept? = nil) {
            self.reason = reason
            self.outcome = outcome
            self.updateID = updateID
            self.kept = kept
        }
    }

    /// The content of a conversation before it was cleared.
    public struct Kept: Sendable, Equatable {
        public var step: String
        public var data: [String: JSONValue]
        public var updatedAt: Timestamp
        public var expiresAt: Timestamp
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
    /// The recently applied updates, oldest first. A set by update id: ids may decrease.
    public var appliedUpdates: [AppliedEntry]
    public var lastClearing: Clearing?

    /// The step of a row whose data could not be read. No dialogue knows this step, so the bot asks the person to begin
    /// again.
    public static let unreadableStep = "unreadable"

    public var isTombstone: Bool { isClosed }
    public func isLive(at now: Timestamp) -> Bool { !isClosed && expiresAt > now }

    public func at(_ revision: Revision) -> ConversationRecord {
        var record = self
        record.revision = revision
        return record
    }

    /// It keeps `startedAt`, because no two conversations of a key may begin at the same time.
    public var emptied: ConversationRecord {
        ConversationRecord(
            key: key, revision: revision, isClosed: true, step: "", data: [:], startedAt: startedAt,
            updatedAt: .longGone, expiresAt: .longGone, appliedUpdates: [])
    }

    public func isOpen(at now: Timestamp) -> Bool { !isClosed && now < expiresAt }

    /// The conversation for a message sent at `sentAt`; nil means now. It counts as open if it was open then, even if
    /// it has expired since.
    func opened(at now: Timestamp, for sentAt: Timestamp?) -> ConversationRecord? {
        if !isClosed { return isOpen(at: sentAt ?? now) ? self : nil }
        guard let sentAt, let lastClearing, lastClearing.reason == .expired, let kept = lastClearing.kept,
            sentAt < kept.expiresAt
        else { return nil }
        var record = self
        record.isClosed = false
        (record.step, record.data) = (kept.step, kept.data)
        (record.updatedAt, record.expiresAt) = (kept.updatedAt, kept.expiresAt)
        record.lastClearing = nil
        return record
    }

    /// The draft that may be resumed of a conversation that is over at `now`; nil if there is none.
    func keptDraft(at now: Timestamp) -> KeptDraft? {
        let (reason, kept, clearedAt): (StateClear.Reason, Kept, Timestamp)
        if isClosed {
            guard let lastClearing, let draft = lastClearing.kept else { return nil }
            (reason, kept, clearedAt) = (lastClearing.reason, draft, updatedAt)
        } else {
            guard !isOpen(at: now), step != Self.unreadableStep else { return nil }
            // It has expired, but no sweep has reached it yet.
            (reason, kept, clearedAt) = (.expired, contentToKeep, expiresAt)
        }
        guard let keptFor = Self.keptFor(reason), case let end = clearedAt.advanced(by: keptFor), now < end else {
            return nil
        }
        return KeptDraft(
            reason: reason, step: kept.step, data: kept.data, startedAt: startedAt, updatedAt: kept.updatedAt,
            expiresAt: kept.expiresAt, keptUntil: end)
    }

    private var contentToKeep: Kept { Kept(step: step, data: data, updatedAt: updatedAt, expiresAt: expiresAt) }

    /// The content to keep when it is cleared at `now` for `reason`.
    func kept(for reason: StateClear.Reason, at now: Timestamp) -> Kept? {
        guard Self.keptFor(reason) != nil, step != Self.unreadableStep else { return nil }
        var kept = contentToKeep
        kept.expiresAt = min(now, expiresAt)
        return kept
    }

    /// How long the content is kept after a clearing for `reason`; nil: not at all.
    static func keptFor(_ reason: StateClear.Reason) -> Duration? {
        switch reason {
        case .expired: .seconds(7 * 86_400)
        case .cancelled: .seconds(86_400)
        case .completed, .invalid: nil
        }
    }

    public func answer(to updateID: Int64, wasClear: Bool) -> AppliedEntry? {
        appliedUpdates.last { $0.updateID == updateID && ($0.expiresAt == nil) == wasClear }
    }

    public var memoryCost: Int {
        let fixed = 400
        return fixed + key.userID.utf8.count + key.chatID.utf8.count + step.utf8.count
            + 40 * appliedUpdates.count + JSONValue.object(data).memoryCost + (lastClearing?.outcome.memoryCost ?? 0)
            + (lastClearing?.kept.map { JSONValue.object($0.data).memoryCost + $0.step.utf8.count } ?? 0)
    }
}

extension JSONValue {
    /// The approximate size in memory, in bytes.
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
