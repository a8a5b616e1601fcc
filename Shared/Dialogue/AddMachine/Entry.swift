/// A conversation in progress: the step that is asked, and what the person has told.
public struct Entry: Sendable, Hashable {
    public var step: Step
    public var draft: Draft
    /// A short id of this conversation, `[a-z0-9]{1,16}`. It is in every button's data, so that buttons of other
    /// conversations are recognized.
    public let tag: String

    public init(step: Step, draft: Draft, tag: String) {
        assert(TapData.isTag(tag), "a tag must match [a-z0-9]{1,16}")
        self.step = step
        self.draft = draft
        self.tag = tag
    }

    /// Whether the person told anything.
    public var hasContent: Bool { !draft.answers.isEmpty || draft.photoFileID != nil }

    /// Whether one question is asked again after all were answered, because the library cannot store its answer. Only
    /// such entries have an answer to the last step.
    var isAskedAgain: Bool { draft.answers[.notes] != nil }
}
