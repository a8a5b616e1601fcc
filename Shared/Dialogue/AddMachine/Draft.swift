/// What a person said at one step. A step without an answer has not been asked yet.
public enum Answer: Sendable, Hashable {
    case value(String)
    /// An explicit null in `state_data`.
    case skipped
}

/// The machine, with what the person has told so far.
public struct Draft: Sendable, Hashable {
    public var answers: [Step: Answer]
    public var photoFileID: String?
    /// What was read from the photo or written below it. The bot offers it as a button, and never stores it without a
    /// tap.
    public var nicknameHint: String?
    public var manufacturerHint: String?
    public var modelHint: String?

    public init(
        answers: [Step: Answer] = [:], photoFileID: String? = nil, nicknameHint: String? = nil,
        manufacturerHint: String? = nil, modelHint: String? = nil
    ) {
        self.answers = answers
        self.photoFileID = photoFileID
        self.nicknameHint = nicknameHint
        self.manufacturerHint = manufacturerHint
        self.modelHint = modelHint
    }

    /// The value of `step`; nil if the step was skipped or not asked yet.
    public subscript(_ step: Step) -> String? {
        guard case .value(let value)? = answers[step] else { return nil }
        return value
    }

    /// The first step whose answer the library would refuse. Only entries of the earlier bot have such answers.
    var firstUnacceptable: Step? {
        Step.allCases.first { step in
            switch answers[step] {
            case .value(let value): (try? AnswerRules.accepted(value, at: step)) == nil
            case .skipped, nil: !step.isSkippable
            }
        }
    }

    /// The detected value, if `step` has one and would accept it as an answer.
    func hint(for step: Step) -> String? {
        let hint: String? =
            switch step {
            case .nickname: nicknameHint
            case .manufacturer: manufacturerHint
            case .model: modelHint
            case .serial, .location, .notes: nil
            }
        return hint.flatMap { try? AnswerRules.accepted($0, at: step) }
    }
}
