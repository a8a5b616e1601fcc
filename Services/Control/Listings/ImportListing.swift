import Contracts
import Persistence

/// The result of the import of the earlier bot's conversations, for a person and for a program.
struct ImportListing {
    var imported: Int64 = 0
    /// Conversations that rivet-state has in a newer revision, or has imported before.
    var known: Int64 = 0
    var expired = 0
    var unreadable: [LegacyConversations.Unreadable] = []

    var lines: [String] {
        var parts = ["\(imported) conversation\(imported == 1 ? "" : "s") imported"]
        if known > 0 { parts.append("\(known) already known") }
        if expired > 0 { parts.append("\(expired) expired") }
        if !unreadable.isEmpty { parts.append("\(unreadable.count) unreadable and left out") }
        return [parts.joined(separator: ", ")]
    }

    /// A line for each unreadable row.
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
