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
