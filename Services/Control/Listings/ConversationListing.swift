import Contracts

/// An open conversation, for a person and for a program.
struct ConversationListing {
    var key: ConversationKey
    var state: Conversation?
    /// Whether the user is known; only needed without a conversation.
    var knowledge = UserKnowledge.known
    var now: Timestamp

    /// The fields of `state_data`, in the order of the questions.
    private static let knownFields = [
        ("nickname", "Nickname"), ("manufacturer", "Manufacturer"), ("model_number", "Model"),
        ("serial_number", "Serial"), ("location", "Location"), ("notes", "Notes"), ("photo_file_id", "Photo"),
        ("ocr_data", "Nameplate"), ("manufacturer_hint", "Manufacturer seen"), ("model_hint", "Model seen"),
    ]

    var lines: [String] {
        let name = TerminalText.escaped("\(key.type) of user \(key.userID) in chat \(key.chatID)")
        guard let state else {
            return [TerminalText.escaped("no open conversation: \(name)\(knowledge.remark(on: key.userID))")]
        }
        var fields = FieldList()
        fields.add("Awaits", TerminalText.escaped(state.step))
        var unknown = state.data
        for (dataKey, label) in Self.knownFields {
            guard let value = unknown.removeValue(forKey: dataKey) else { continue }
            fields.add(label, Self.text(value))
        }
        // Other fields are the gateway's notes or come from other programs. Only their names are listed.
        if !unknown.isEmpty {
            fields.add("Besides", TerminalText.escaped(unknown.keys.sorted().joined(separator: ", ")) + " (see --json)")
        }
        fields.add("Started", state.startedAt.text(at: now))
        fields.add("Updated", state.updatedAt.text(at: now))
        fields.add("Expires", state.expiresAt.text(at: now))
        fields.add("Revision", "\(state.revision.rawValue)")
        fields.add("Last update", state.updateID.map { "\($0)" } ?? "-")
        fields.add("Stored in", state.storedIn.map(\.rawValue).joined(separator: ", "))
        return [name] + fields.lines
    }

    /// The response of rivet-state, with the revision as a string, and whether the user is known.
    var json: JSONValue {
        guard let state, let record = StateLoad.Output(state: state).json["state"] else {
            return ["state": .null, "user_known": knowledge.json]
        }
        return ["state": record.withRevisionAsText(state.revision), "user_known": knowledge.json]
    }

    /// A null means that the person skipped the question.
    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: "(skipped)"
        case .string(let text): TerminalText.escaped(text)
        default: TerminalText.json(value)
        }
    }
}
