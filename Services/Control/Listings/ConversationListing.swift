import Contracts

/// An open conversation, for a person.
struct ConversationListing {
    var key: ConversationKey
    var state: Conversation?
    var now: Timestamp

    /// In the order in which they are asked.
    private static let knownFields = [
        ("nickname", "Nickname"), ("manufacturer", "Manufacturer"), ("model_number", "Model"),
        ("serial_number", "Serial"), ("location", "Location"), ("notes", "Notes"), ("photo_file_id", "Photo"),
        ("ocr_data", "Nameplate"), ("manufacturer_hint", "Manufacturer seen"), ("model_hint", "Model seen"),
    ]

    var lines: [String] {
        let name = TerminalText.escaped("\(key.type) of user \(key.userID) in chat \(key.chatID)")
        guard let state else { return ["no open conversation: \(name)"] }
        var fields = FieldList()
        fields.add("Awaits", TerminalText.escaped(state.step))
        var unknown = state.data
        for (dataKey, label) in Self.knownFields {
            guard let value = unknown.removeValue(forKey: dataKey) else { continue }
            fields.add(label, Self.text(value))
        }
        for (dataKey, value) in unknown.sorted(by: { $0.key < $1.key }) {
            fields.add(TerminalText.escaped(dataKey), Self.text(value))
        }
        fields.add("Started", state.startedAt.text(at: now))
        fields.add("Updated", state.updatedAt.text(at: now))
        fields.add("Expires", state.expiresAt.text(at: now))
        fields.add("Revision", "\(state.revision.rawValue)")
        fields.add("Last update", state.updateID.map { "\($0)" } ?? "-")
        fields.add("Stored in", state.storedIn.map(\.rawValue).joined(separator: ", "))
        return [name] + fields.lines
    }

    /// A null is a question that was skipped.
    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: "(skipped)"
        case .string(let text): TerminalText.escaped(text)
        default: TerminalText.json(value)
        }
    }
}
