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

/// What one step asks for and accepts.
struct StepSpec: Sendable {
    let dataKey: String
    /// In lists and confirmations: "Manufacturer".
    let label: String
    /// In a sentence: "the model number".
    let noun: String
    let prompt: String
    var example: String?
    var skipHint: String?
    /// Counted as a person counts: in grapheme clusters.
    let characters: ClosedRange<Int>
    var mayHoldLines = false
}

extension Step {
    /// The flow as a table, in the order in which it is asked.
    var spec: StepSpec {
        switch self {
        case .nickname:
            StepSpec(
                dataKey: "nickname", label: "Nickname", noun: "nickname",
                prompt: "Enter a nickname for this equipment:", example: "(e.g., 'Main Compressor', 'Panel 3 VFD')",
                characters: 2...100)
        case .manufacturer:
            StepSpec(
                dataKey: "manufacturer", label: "Manufacturer", noun: "manufacturer",
                prompt: "Enter the manufacturer:", skipHint: "(or /skip)", characters: 1...500)
        case .model:
            StepSpec(
                dataKey: "model_number", label: "Model", noun: "model number",
                prompt: "Enter the model number:", skipHint: "(or /skip)", characters: 1...500)
        case .serial:
            StepSpec(
                dataKey: "serial_number", label: "Serial", noun: "serial number",
                prompt: "Enter the serial number:", skipHint: "(or /skip)", characters: 1...500)
        case .location:
            StepSpec(
                dataKey: "location", label: "Location", noun: "location",
                prompt: "Enter the location:", example: "(e.g., 'Building A, Panel 3')", skipHint: "(or /skip)",
                characters: 1...500)
        case .notes:
            StepSpec(
                dataKey: "notes", label: "Notes", noun: "notes",
                prompt: "Any notes?", example: "(e.g., 'Replaced relay 2024-06')", skipHint: "(or /skip to finish)",
                characters: 1...2000, mayHoldLines: true)
        }
    }
}
