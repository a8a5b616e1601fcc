public import TextRules

/// What the bot says in the add-machine flow. Each message with an entry ends with the question that is open then.
public enum AddMachineMessage: Sendable, Equatable {
    /// The open question alone.
    case question(Entry)
    /// The open question with what was told before, for a person who had to wait because the bot was away.
    case welcomeBack(Entry)
    /// An entry began, perhaps beside an expired one in which something was told.
    case begun(Entry, beside: KeptEntry?)
    case inProgress(Entry)
    /// The step was answered or skipped.
    case answered(Step, Entry)
    case wentBack(Entry)
    case nothingBefore(Entry)
    case notSkippable(Entry)
    case photoKept(Entry)
    /// `suggestion` is a nickname that is free.
    case nicknameTaken(String, suggestion: String?, Entry)
    /// One question once more, after all were answered. It is made from the entry alone.
    case askedAgain(Entry)
    case refused(TextRefusal, Entry)
    case unknownCommand(Entry)
    case notUnderstood(MessageKind, Entry)
    /// A tap on a button of an earlier step, or of an earlier entry.
    case staleTap(isOfThisEntry: Bool, Entry)
    /// A kept entry is open again.
    case takenUp(Entry)
    /// With a button that brings the entry back, if anything had been told.
    case cancelled(KeptEntry?)
    /// To an input that met an entry whose time was over.
    case expired(KeptEntry)
    /// To an input that needs an open entry, when there is none.
    case nothingOpen(Input)
    /// The machine is in the library. The draft may have been made of the machine as the library returned it.
    case saved(Draft)
    /// To an input that reached an entry after it was completed, when its machine can no longer be shown.
    case alreadySaved
}
