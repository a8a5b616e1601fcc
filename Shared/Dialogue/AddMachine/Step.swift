import TextRules

/// One question of the add-machine flow. The raw value is what `current_step` holds while its answer is awaited.
public enum Step: String, CaseIterable, Sendable, Hashable {
    case nickname, manufacturer, model, serial, location, notes

    public var next: Step? { neighbor(1) }
    public var previous: Step? { neighbor(-1) }

    /// The key of the answer in `state_data`; also the machine's field in the library.
    public var dataKey: String {
        switch self {
        case .nickname: "nickname"
        case .manufacturer: "manufacturer"
        case .model: "model_number"
        case .serial: "serial_number"
        case .location: "location"
        case .notes: "notes"
        }
    }
    public var isSkippable: Bool { self != .nickname }

    private func neighbor(_ distance: Int) -> Step? {
        let all = Step.allCases
        return all.firstIndex(of: self).map { $0 + distance }.flatMap { all.indices.contains($0) ? all[$0] : nil }
    }
}

extension Step {
    /// Nil for the nickname, for which `NicknameRule` applies.
    var rule: FieldRule? {
        switch self {
        case .nickname: nil
        case .manufacturer, .model, .serial, .location: .line
        case .notes: .notes
        }
    }

    /// How many characters an answer may have, as a person counts them.
    var characters: ClosedRange<Int> { rule.map { 1...$0.charactersMax } ?? NicknameRule.characters }
}
