import Contracts

/// The columns that hold JSON.
extension ConversationRecord {
    /// `[[update id, revision, expires at in ms | null], …]`, oldest first.
    var appliedUpdatesText: String {
        var text: [UInt8] = [UInt8(ascii: "[")]
        text.reserveCapacity(48 * appliedUpdates.count + 2)
        for entry in appliedUpdates {
            if text.count > 1 { text.append(UInt8(ascii: ",")) }
            text.append(UInt8(ascii: "["))
            text.appendDecimal(entry.updateID)
            text.append(UInt8(ascii: ","))
            text.appendDecimal(entry.revision.rawValue)
            text.append(UInt8(ascii: ","))
            if let expiresAt = entry.expiresAt {
                text.appendDecimal(expiresAt.milliseconds)
            } else {
                text.append(contentsOf: "null".utf8)
            }
            text.append(UInt8(ascii: "]"))
        }
        text.append(UInt8(ascii: "]"))
        return String(decoding: text, as: UTF8.self)
    }

    static func appliedUpdates(_ text: String) -> [AppliedEntry]? {
        guard let entries = (try? JSONValue(parsing: text))?.arrayValue else { return nil }
        return entries.compactMap { entry in
            guard let fields = entry.arrayValue, fields.count == 3, let updateID = fields[0].integerValue,
                let revision = fields[1].integerValue
            else { return nil }
            return AppliedEntry(
                updateID: updateID, revision: Revision(rawValue: revision),
                expiresAt: fields[2].integerValue.map(Timestamp.init(clamping:)))
        }
    }

    var lastClearingText: String? {
        lastClearing.map { clearing in
            var members: [String: JSONValue] = [
                "reason": .string(clearing.reason.rawValue), "outcome": clearing.outcome,
                "update_id": clearing.updateID.map(JSONValue.integer) ?? .null,
            ]
            if let kept = clearing.kept {
                members["step"] = .string(kept.step)
                members["data"] = .object(kept.data)
                members["updated_at"] = .integer(kept.updatedAt.milliseconds)
                members["expires_at"] = .integer(kept.expiresAt.milliseconds)
            }
            return JSONValue.object(members).text
        }
    }

    static func clearing(_ text: String) -> Clearing? {
        guard let json = try? JSONValue(parsing: text),
            let reason = json["reason"]?.stringValue.flatMap(StateClear.Reason.init(rawValue:))
        else { return nil }
        return Clearing(
            reason: reason, outcome: json["outcome"] ?? .null, updateID: json["update_id"]?.integerValue,
            kept: kept(json))
    }

    private static func kept(_ json: JSONValue) -> Kept? {
        guard let step = json["step"]?.stringValue, let data = json["data"]?.objectValue,
            let updatedAt = json["updated_at"]?.integerValue, let expiresAt = json["expires_at"]?.integerValue
        else { return nil }
        return Kept(
            step: step, data: data, updatedAt: Timestamp(clamping: updatedAt), expiresAt: Timestamp(clamping: expiresAt)
        )
    }
}
