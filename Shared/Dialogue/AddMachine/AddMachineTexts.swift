public import TextRules

/// How one step is named and asked for.
public struct StepTexts: Sendable {
    /// The step's short name, as in "Skipped model."
    public var name: String
    /// In lists and confirmations: "Manufacturer".
    public var label: String
    /// In a sentence: "the model number".
    public var noun: String
    public var prompt: String
    public var example: String?
    public var skipHint: String?

    public init(
        name: String, label: String, noun: String, prompt: String, example: String? = nil, skipHint: String? = nil
    ) {
        self.name = name
        self.label = label
        self.noun = noun
        self.prompt = prompt
        self.example = example
        self.skipHint = skipHint
    }
}

/// The words of `AddMachineMessage`. A notice is plain text of at most 200 characters (Bot API, `answerCallbackQuery`).
public protocol AddMachineTexts: Sendable {
    func menuText(_ command: AddMachineCommand) -> String
    func helpLine(_ command: AddMachineCommand) -> Markup

    // Questions
    func step(_ step: Step) -> StepTexts
    func valueBefore(_ value: String) -> Markup
    func valueDetected(_ hint: String) -> Markup
    /// Below a question in a group.
    var replyInGroup: Markup { get }
    var skipButton: String { get }
    var backButton: String { get }
    var cancelButton: String { get }

    // The flow
    var addMachineTitle: Markup { get }
    var entryInProgress: Markup { get }
    var welcomeBack: Markup { get }
    func continuing(from step: StepTexts) -> Markup
    func answered(_ step: StepTexts, _ value: String) -> Markup
    func skipped(_ step: StepTexts) -> Markup
    func wentBack(to step: StepTexts) -> Markup
    var nothingBefore: Markup { get }
    func notSkippable(_ step: StepTexts) -> Markup
    var notSkippableNotice: String { get }
    var photoKept: Markup { get }

    // What was told
    var progressEmpty: Markup { get }
    func progress(_ lines: Markup) -> Markup
    var toldEmpty: Markup { get }
    func told(_ lines: Markup) -> Markup
    func toldValue(_ step: StepTexts, _ value: String) -> Markup
    func toldSkipped(_ step: StepTexts) -> Markup
    var toldPhoto: Markup { get }

    // Refusals
    func nicknameTaken(_ nickname: String) -> Markup
    func nicknameFree(_ suggestion: String) -> Markup
    /// `characters` is how many the step accepts.
    func refusal(
        _ refusal: TextRefusal, of step: StepTexts, isNickname: Bool, characters: ClosedRange<Int>
    ) -> Markup
    func missing(_ step: StepTexts) -> Markup
    func libraryRefuses(_ step: StepTexts) -> Markup
    var otherAnswersKept: Markup { get }
    var unknownCommandInFlow: Markup { get }
    /// A button takes `text`, which looks like a command, as the answer.
    func takeAsAnswer(_ text: String, _ step: StepTexts) -> Markup
    /// How a text that looks like a command is entered when it does not fit a button.
    var howToEnterSlash: Markup { get }
    /// `typed` is the command with its words, which does nothing.
    func wordsNotTaken(_ typed: String, _ command: AddMachineCommand) -> Markup
    func nicknameNotTaken(_ nickname: String) -> Markup
    func notAnAnswer(_ kind: MessageKind) -> Markup
    func awaited(_ step: StepTexts, isSkippable: Bool) -> Markup
    func staleTap(isOfThisEntry: Bool) -> String

    // The end of an entry
    var cancelled: Markup { get }
    var cancelledNotice: String { get }
    var undoButton: String { get }
    func expired(_ told: Markup) -> Markup
    var expiredNotice: String { get }
    var takenUp: Markup { get }
    var takenUpNotice: String { get }
    /// `nickname` is nil if the person told none.
    func expiredBeside(_ nickname: String?) -> Markup
    /// `nickname` is shortened to fit a button; nil if the person told none.
    func takeUpButton(_ nickname: String?) -> String
    func saved(_ nickname: String?, _ lines: Markup) -> Markup
    /// `value` is nil if the step was skipped.
    func savedLine(_ step: StepTexts, _ value: String?) -> Markup
    var alreadySaved: Markup { get }
    var alreadySavedNotice: String { get }

    // Without an entry
    func nothingOpen(_ input: Input) -> Markup
    var nothingOpenNotice: String { get }
    var howToBegin: Markup { get }
}
