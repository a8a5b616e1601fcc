/// One question of the add-machine flow. The raw value is what `current_step` holds while its answer is awaited.
public enum Step: String, CaseIterable, Sendable, Hashable {
    case nickname, manufacturer, model, serial, location, notes

    public var next: Step? { neighbour(1) }
    public var previous: Step? { neighbour(-1) }

    /// The key of the answer in `state_data`; also the machine's field in the library.
    public var dataKey: String { spec.dataKey }
    public var isSkippable: Bool { self != .nickname }

    private func neighbour(_ distance: Int) -> Step? {
        let all = Step.allCases
        return all.firstIndex(of: self).map { $0 + distance }.flatMap { all.indices.contains($0) ? all[$0] : nil }
    }
}

/// What one step accepts.
struct StepSpec: Sendable {
    let dataKey: String
    /// Counted as a person counts: in grapheme clusters.
    let characters: ClosedRange<Int>
    var mayHoldLines = false
}

extension Step {
    /// The flow as a table, in the order in which it is asked.
    var spec: StepSpec {
        switch self {
        case .nickname: StepSpec(dataKey: "nickname", characters: 2...100)
        case .manufacturer: StepSpec(dataKey: "manufacturer", characters: 1...500)
        case .model: StepSpec(dataKey: "model_number", characters: 1...500)
        case .serial: StepSpec(dataKey: "serial_number", characters: 1...500)
        case .location: StepSpec(dataKey: "location", characters: 1...500)
        case .notes: StepSpec(dataKey: "notes", characters: 1...2000, mayHoldLines: true)
        }
    }
}
