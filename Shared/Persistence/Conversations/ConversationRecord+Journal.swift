public import Contracts

/// All of a record as JSON.
extension ConversationRecord {
    public var journalValue: JSONValue {
        [
            "key": .string(key.cursorText), "revision": .integer(revision.rawValue), "closed": .bool(isClosed),
            "step": .string(step), "data": .object(data), "started_at": .integer(startedAt.milliseconds),
            "updated_at": .integer(updatedAt.milliseconds), "expires_at": .integer(expiresAt.milliseconds),
            "last_update_id": lastUpdateID.map(JSONValue.integer) ?? .null,
            "applied_updates": .string(appliedUpdatesText),
            "last_clear": lastClearingText.map(JSONValue.string) ?? .null,
        ]
    }

    public init?(journalValue json: JSONValue) {
        func time(_ name: String) -> Timestamp? { json[name]?.integerValue.map(Timestamp.init(clamping:)) }
        guard let key = json["key"]?.stringValue.flatMap(ConversationKey.init(cursorText:)),
            let revision = json["revision"]?.integerValue, let isClosed = json["closed"]?.boolValue,
            let step = json["step"]?.stringValue, let data = json["data"]?.objectValue,
            let startedAt = time("started_at"), let updatedAt = time("updated_at"), let expiresAt = time("expires_at"),
            let applied = json["applied_updates"]?.stringValue.flatMap(ConversationRecord.appliedUpdates)
        else { return nil }
        self.init(
            key: key, revision: Revision(rawValue: revision), isClosed: isClosed, step: step, data: data,
            startedAt: startedAt, updatedAt: updatedAt, expiresAt: expiresAt,
            lastUpdateID: json["last_update_id"]?.integerValue, appliedUpdates: applied,
            lastClearing: json["last_clear"]?.stringValue.flatMap(ConversationRecord.clearing))
    }
}
