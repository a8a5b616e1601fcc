/// What a person said at one step. A step without an answer has not been asked yet.
public enum Answer: Sendable, Hashable {
    case value(String)
    /// An explicit null in `state_data`.
    case skipped
}

/// The machine as far as it has been told.
public struct Draft: Sendable, Hashable {
    public var answers: [Step: Answer]
    public var photoFileID: String?
    /// What was read from the photo: offered as a button, never taken unasked.
    public var manufacturerHint: String?
    public var modelHint: String?

    public init(
        answers: [Step: Answer] = [:], photoFileID: String? = nil, manufacturerHint: String? = nil,
        modelHint: String? = nil
    ) {
        self.answers = answers
        self.photoFileID = photoFileID
        self.manufacturerHint = manufacturerHint
        self.modelHint = modelHint
    }

    /// The value told at `step`; nil if it was skipped or is still to be asked.
    public subscript(_ step: Step) -> String? {
        guard case .value(let value)? = answers[step] else { return nil }
        return value
    }

    /// The first step whose answer the library would refuse. Only entries of the earlier bot have any.
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
            case .manufacturer: manufacturerHint
            case .model: modelHint
            case .nickname, .serial, .location, .notes: nil
            }
        return hint.flatMap { try? AnswerRules.accepted($0, at: step) }
    }
}

/// A conversation in progress: what is awaited and what has been told.
public struct Entry: Sendable, Hashable {
    public var step: Step
    public var draft: Draft
    /// A short id of this conversation, `[a-z0-9]{1,16}`. It is in every button's data, so that a button of another
    /// conversation is told apart.
    public let tag: String

    public init(step: Step, draft: Draft, tag: String) {
        assert(TapData.isTag(tag), "a tag must match [a-z0-9]{1,16}")
        self.step = step
        self.draft = draft
        self.tag = tag
    }

    /// Whether anything was told.
    public var hasContent: Bool { !draft.answers.isEmpty || draft.photoFileID != nil }

    /// Every question was answered, but one answer cannot go into the library: only that one is asked again. No other
    /// way leads to an entry whose last step has an answer.
    var isAskedAgain: Bool { draft.answers[.notes] != nil }
}
