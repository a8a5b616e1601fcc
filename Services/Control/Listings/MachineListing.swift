import Contracts

/// The machines of a user, for a person and for a program.
struct MachineListing {
    var userID: String
    var query: String?
    var machines: [Machine]
    /// Whether the user is known; only needed without machines.
    var knowledge = UserKnowledge.known
    var now: Timestamp

    var lines: [String] {
        let count =
            switch machines.count {
            case 0: "no machines"
            case 1: "1 machine"
            case let count: "\(count) machines"
            }
        let matching = query.map { " with \"\($0)\"" } ?? ""
        return [TerminalText.escaped("\(count) of user \(userID)\(matching)\(knowledge.remark(on: userID))")]
            + machines.flatMap { ["", TerminalText.escaped($0.details.nickname)] + fields(of: $0).lines }
    }

    /// The response of rivet-library, with the revisions as strings, and whether the user is known.
    var json: JSONValue {
        let output = LibraryList.Output(machines: machines, total: Int64(machines.count), nextCursor: nil)
        guard case .object(var members) = output.json else { return output.json }
        let records = zip(members["machines"]?.arrayValue ?? [], machines)
        members["machines"] = .array(records.map { $0.withRevisionAsText($1.revision) })
        members["user_known"] = knowledge.json
        return .object(members)
    }

    private func fields(of machine: Machine) -> FieldList {
        var fields = FieldList()
        for field in MachineField.allCases {
            fields.add(field.label, machine.details.texts[field].map(TerminalText.escaped) ?? "-")
        }
        fields.add("Nameplate", machine.details.ocrData.map(TerminalText.json) ?? "-")
        fields.add("Created", machine.createdAt.text(at: now))
        fields.add("Updated", machine.updatedAt.text(at: now))
        fields.add("Id", machine.id)
        fields.add("Revision", "\(machine.revision.rawValue)")
        fields.add("Stored in", machine.storedIn.map(\.rawValue).joined(separator: ", "))
        return fields
    }
}

extension MachineField {
    fileprivate var label: String {
        switch self {
        case .manufacturer: "Manufacturer"
        case .modelNumber: "Model"
        case .serialNumber: "Serial"
        case .location: "Location"
        case .notes: "Notes"
        case .photoFileID: "Photo"
        }
    }
}
