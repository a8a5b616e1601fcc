import Contracts
import Persistence

/// What became of the earlier bot's conversations, for a person.
struct ImportListing {
    var imported: Int64 = 0
    /// Those that are known in a newer revision, or that were taken in before.
    var known: Int64 = 0
    var expired = 0
    var unreadable: [LegacyConversations.Unreadable] = []

    var lines: [String] {
        var parts = ["\(imported) conversation\(imported == 1 ? "" : "s") taken in"]
        if known > 0 { parts.append("\(known) known already") }
        if expired > 0 { parts.append("\(expired) expired") }
        if !unreadable.isEmpty { parts.append("\(unreadable.count) left out, which cannot be read") }
        return [parts.joined(separator: ", ")]
    }

    /// A line for each row that was left out.
    var warnings: [String] {
        unreadable.map { row in
            TerminalText.escaped("rivetctl: left out user \(row.userID) in chat \(row.chatID): \(row.reason)")
        }
    }

    var json: JSONValue {
        [
            "imported": .integer(imported), "known": .integer(known), "expired": .integer(Int64(expired)),
            "unreadable": .array(
                unreadable.map { row in
                    ["user_id": .string(row.userID), "chat_id": .string(row.chatID), "reason": .string(row.reason)]
                }),
        ]
    }
}
