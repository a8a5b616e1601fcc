import Contracts
import Dialogue

extension MachineDetails {
    /// The machine that a completed entry describes.
    init(_ draft: Draft, ocrData: JSONValue?) {
        self.init(nickname: draft[.nickname] ?? "")
        for field in MachineField.allCases {
            texts[field] = field == .photoFileID ? draft.photoFileID : field.step.flatMap { draft[$0] }
        }
        // An empty object carries no information.
        if let members = ocrData?.objectValue, !members.isEmpty { self.ocrData = ocrData }
    }
}

extension MachineField {
    /// The step that asks for this field.
    var step: Step? { Step.allCases.first { $0.dataKey == rawValue } }
}

extension Draft {
    /// The draft of a stored machine, for the messages that show it.
    init(_ details: MachineDetails) {
        self.init(photoFileID: details.texts[.photoFileID])
        for step in Step.allCases {
            let text =
                step == .nickname
                ? details.nickname : MachineField(rawValue: step.dataKey).flatMap { details.texts[$0] }
            answers[step] = text.map(Answer.value) ?? .skipped
        }
    }
}

extension MachineLine {
    init(_ machine: Machine) {
        let texts = machine.details.texts
        self.init(
            nickname: machine.details.nickname, manufacturer: texts[.manufacturer], modelNumber: texts[.modelNumber],
            location: texts[.location])
    }
}
