import Contracts
import Sending

/// A lane's queued replies, oldest first: `state_data` of a conversation of type `outbox`.
///
/// Rows of earlier versions have no `tries` and no `replaces`; they are read as never tried.
enum OutboxRow {
    static let step = "queued"
    static let keptFor: Duration = .seconds(24 * 3_600)

    static func data(_ rows: [SendRow<Outgoing>]) -> [String: JSONValue] {
        let replies = rows.compactMap { row -> JSONValue? in
            guard case .reply(let reply) = row.content, case .object(var members) = reply.json else { return nil }
            members["tries"] = .integer(Int64(row.tries))
            return .object(members)
        }
        return ["replies": .array(replies)]
    }

    /// Replies that cannot be read are left out.
    static func replies(_ data: [String: JSONValue]) -> [(reply: OutgoingReply, tries: Int)] {
        (data["replies"]?.arrayValue ?? []).compactMap { json in
            guard let reply = OutgoingReply(json: json) else { return nil }
            return (reply, Int(clamping: max(0, json["tries"]?.integerValue ?? 0)))
        }
    }
}
