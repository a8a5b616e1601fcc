public import Contracts

/// All of a record as JSON.
extension MachineRecord {
    public var journalValue: JSONValue {
        var texts: [String: JSONValue] = [:]
        for (field, text) in details.texts { texts[field.rawValue] = .string(text) }
        return [
            "id": .string(id), "request_id": requestID.map(JSONValue.string) ?? .null,
            "revision": .integer(revision.rawValue), "user_id": .string(userID),
            "nickname": .string(details.nickname), "texts": .object(texts), "ocr_data": details.ocrData ?? .null,
            "created_at": .integer(createdAt.milliseconds), "updated_at": .integer(updatedAt.milliseconds),
            "deleted_at": deletedAt.map { .integer($0.milliseconds) } ?? .null,
            "renamed_from": renamedFrom.map(JSONValue.string) ?? .null,
        ]
    }

    public init?(journalValue json: JSONValue) {
        func time(_ name: String) -> Timestamp? { json[name]?.integerValue.map(Timestamp.init(clamping:)) }
        guard let id = json["id"]?.stringValue, let revision = json["revision"]?.integerValue,
            let userID = json["user_id"]?.stringValue, let nickname = json["nickname"]?.stringValue,
            let texts = json["texts"]?.objectValue, let createdAt = time("created_at"),
            let updatedAt = time("updated_at")
        else { return nil }
        var details = MachineDetails(nickname: nickname)
        for (name, text) in texts {
            guard let field = MachineField(rawValue: name) else { continue }
            details.texts[field] = text.stringValue
        }
        if let ocrData = json["ocr_data"], !ocrData.isNull { details.ocrData = ocrData }
        self.init(
            id: id, requestID: json["request_id"]?.stringValue, revision: Revision(rawValue: revision), userID: userID,
            details: details, createdAt: createdAt, updatedAt: updatedAt, deletedAt: time("deleted_at"),
            renamedFrom: json["renamed_from"]?.stringValue)
    }
}
