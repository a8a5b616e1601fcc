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
        /// What had been told, where it may be taken up again.
        public var kept: Kept?

        public init(reason: StateClear.Reason, outcome: JSONValue, updateID: Int64?, kept: Kept? = nil) {
            self.reason = reason
            self.outcome = outcome
            self.updateID = updateID
            self.kept = kept
        }
    }

    /// What was in a conversation before it was cleared.
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
    /// The recent ones, oldest first. A set by update id: ids may go down.
    public var appliedUpdates: [AppliedEntry]
    public var lastClearing: Clearing?

    /// The step of a row whose data could not be read. No dialogue knows it: the person is asked to begin again.
    public static let unreadableStep = "unreadable"

    public var isTombstone: Bool { isClosed }
    public func isLive(at now: Timestamp) -> Bool { !isClosed && expiresAt > now }

    public func at(_ revision: Revision) -> ConversationRecord {
        var record = self
        record.revision = revision
        return record
    }

    /// Its beginning stays too: no two conversations of a key have the same.
    public var emptied: ConversationRecord {
        ConversationRecord(
            key: key, revision: revision, isClosed: true, step: "", data: [:], startedAt: startedAt,
            updatedAt: .longGone, expiresAt: .longGone, appliedUpdates: [])
    }

    public func isOpen(at now: Timestamp) -> Bool { !isClosed && now < expiresAt }

    /// The conversation as it is for what a person sent at `sentAt`, nil for now: open if it was open then, also where it
    /// has ended since by nothing but its time.
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

    /// What may be taken up again of a conversation that is over at `now`; nil when nothing may.
    func keptDraft(at now: Timestamp) -> KeptDraft? {
        let (reason, kept, clearedAt): (StateClear.Reason, Kept, Timestamp)
        if isClosed {
            guard let lastClearing, let draft = lastClearing.kept else { return nil }
            (reason, kept, clearedAt) = (lastClearing.reason, draft, updatedAt)
        } else {
            guard !isOpen(at: now), step != Self.unreadableStep else { return nil }
            // No sweep has come to it yet.
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

    /// What is kept of it when it is cleared at `now` for `reason`.
    func kept(for reason: StateClear.Reason, at now: Timestamp) -> Kept? {
        guard Self.keptFor(reason) != nil, step != Self.unreadableStep else { return nil }
        var kept = contentToKeep
        kept.expiresAt = min(now, expiresAt)
        return kept
    }

    /// How long what was told is kept after a clearing for `reason`; nil: not at all.
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
