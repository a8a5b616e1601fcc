public import TextRules

/// What the bot says in the add-machine flow. Each message with an entry ends with the question that is open then.
public enum AddMachineMessage: Sendable, Equatable {
    /// The open question alone.
    case question(Entry)
    /// The open question with what the person told before. It is for people who had to wait for an absent bot.
    case welcomeBack(Entry)
    /// An entry began. `beside` is an expired entry in which the person told something, if there is one.
    case begun(Entry, beside: KeptEntry?)
    /// `notTaken` is what was written behind `/addmachine`.
    case inProgress(Entry, notTaken: String?)
    /// The step was answered or skipped.
    case answered(Step, Entry)
    case wentBack(Entry)
    case nothingBefore(Entry)
    case notSkippable(Entry)
    case photoKept(Entry)
    /// `suggestion` is a nickname that is free.
    case nicknameTaken(String, suggestion: String?, Entry)
    /// One question again, after all were answered. The entry alone decides the message.
    case askedAgain(Entry)
    case refused(TextRefusal, Entry)
    /// A text that looks like a command and is none of the bot's, with a button that takes it as the answer.
    case unknownCommand(String, Entry)
    /// `/skip 2`: nothing was skipped.
    case wordsNotTaken(AddMachineCommand, String, Entry)
    case notUnderstood(MessageKind, Entry)
    /// A tap on a button of an earlier step, or of an earlier entry.
    case staleTap(isOfThisEntry: Bool, Entry)
    /// A kept entry is open again.
    case takenUp(Entry)
    /// Has a button that brings the entry back, if the person had told anything.
    case cancelled(KeptEntry?)
    /// For an input to an entry that has expired.
    case expired(KeptEntry)
    /// For an input that needs an open entry, if there is none.
    case nothingOpen(Input)
    /// The machine is in the library. The draft may be made from the machine that the library returned.
    case saved(Draft)
    /// For an input to a completed entry whose machine can no longer be shown.
    case alreadySaved
}
