import TextRules

@testable import Dialogue

/// A language for tests. It has only Greek letters, so that an English word in a message is found.
///
/// It also shows what another language needs: this file, and `Greek()` where the gateway has `English()`.
struct Greek: Texts {
    func menuText(_ command: AddMachineCommand) -> String { "μενού \(command.rawValue)" }
    func helpLine(_ command: AddMachineCommand) -> Markup { "/\(fixed: command.rawValue) βοήθεια" }

    func step(_ step: Step) -> StepTexts {
        let name = "βήμα\(1 + (Step.allCases.firstIndex(of: step) ?? 0))"
        return StepTexts(
            name: name, label: name, noun: name, prompt: "ερώτηση \(name);", example: "παράδειγμα",
            skipHint: step.isSkippable ? "(/skip)" : nil)
    }
    func valueBefore(_ value: String) -> Markup { "πριν \(value)" }
    func valueDetected(_ hint: String) -> Markup { "βρέθηκε \(hint)" }
    var replyInGroup: Markup { "απάντηση" }
    var skipButton: String { "παράλειψη" }
    var backButton: String { "πίσω" }
    var cancelButton: String { "άκυρο" }

    var addMachineTitle: Markup { "τίτλος" }
    var entryInProgress: Markup { "σε εξέλιξη" }
    var welcomeBack: Markup { "καλώς" }
    func continuing(from step: StepTexts) -> Markup { "συνέχεια \(fixed: step.name)" }
    func answered(_ step: StepTexts, _ value: String) -> Markup { "\(fixed: step.label): \(value)" }
    func skipped(_ step: StepTexts) -> Markup { "\(fixed: step.label): όχι" }
    func wentBack(to step: StepTexts) -> Markup { "πίσω \(fixed: step.name)" }
    var nothingBefore: Markup { "αρχή" }
    func notSkippable(_ step: StepTexts) -> Markup { "όχι \(fixed: step.noun)" }
    var notSkippableNotice: String { "όχι" }
    var photoKept: Markup { "φωτογραφία" }

    var progressEmpty: Markup { "τίποτα" }
    func progress(_ lines: Markup) -> Markup { "μέχρι τώρα\n\(lines)" }
    var toldEmpty: Markup { "κενό" }
    func told(_ lines: Markup) -> Markup { "είχε\n\(lines)" }
    func toldValue(_ step: StepTexts, _ value: String) -> Markup { "\(fixed: step.label): \(value)" }
    func toldSkipped(_ step: StepTexts) -> Markup { "\(fixed: step.label): χωρίς" }
    var toldPhoto: Markup { "φωτογραφία" }

    func nicknameTaken(_ nickname: String) -> Markup { "υπάρχει \(nickname)" }
    func nicknameFree(_ suggestion: String) -> Markup { "ελεύθερο \(suggestion)" }
    func refusal(
        _ refusal: TextRefusal, of step: StepTexts, isNickname: Bool, characters: ClosedRange<Int>
    ) -> Markup {
        switch refusal {
        case .blank: "κενό \(fixed: step.label)"
        case .tooShort: "λίγα \(characters.lowerBound)"
        case .tooLong(let count): "πολλά \(count) > \(characters.upperBound)"
        case .tooManyBytes: "μεγάλο"
        case .severalLines: "γραμμές"
        case .controlCharacter: "χαρακτήρας"
        case .directionOverride: "κατεύθυνση"
        }
    }
    func missing(_ step: StepTexts) -> Markup { "λείπει \(fixed: step.noun)" }
    func libraryRefuses(_ step: StepTexts) -> Markup { "άλλο \(fixed: step.noun)" }
    var otherAnswersKept: Markup { "μένουν" }
    var unknownCommandInFlow: Markup { "άγνωστο" }
    func takeAsAnswer(_ text: String, _ step: StepTexts) -> Markup { "\(text) για \(fixed: step.noun)" }
    var howToEnterSlash: Markup { "με λέξη" }
    func wordsNotTaken(_ typed: String, _ command: AddMachineCommand) -> Markup { "όχι \(typed)" }
    func nicknameNotTaken(_ nickname: String) -> Markup { "όχι \(nickname)" }
    func notAnAnswer(_ kind: MessageKind) -> Markup { "είδος \(1 + (MessageKind.allCases.firstIndex(of: kind) ?? 0))" }
    func awaited(_ step: StepTexts, isSkippable: Bool) -> Markup { "περιμένω \(fixed: step.noun)" }
    func staleTap(isOfThisEntry: Bool) -> String { isOfThisEntry ? "παλιό βήμα" : "παλιά καταχώριση" }

    var cancelled: Markup { "ακυρώθηκε" }
    var cancelledNotice: String { "ακυρώθηκε" }
    var undoButton: String { "αναίρεση" }
    func expired(_ told: Markup) -> Markup { "έληξε\n\(told)" }
    var expiredNotice: String { "έληξε" }
    var takenUp: Markup { "συνεχίζεται" }
    var takenUpNotice: String { "συνεχίζεται" }
    func expiredBeside(_ nickname: String?) -> Markup { "έληξε \(nickname ?? "χωρίς όνομα")" }
    func takeUpButton(_ nickname: String?) -> String { "συνέχεια \(nickname ?? "αυτού")" }
    func saved(_ nickname: String?, _ lines: Markup) -> Markup { "έτοιμο \(nickname ?? "χωρίς")\n\(lines)" }
    func savedLine(_ step: StepTexts, _ value: String?) -> Markup { "\(fixed: step.label): \(value ?? "χωρίς")" }
    var alreadySaved: Markup { "ήδη" }
    var alreadySavedNotice: String { "ήδη" }

    func nothingOpen(_ input: Input) -> Markup { "τίποτα ανοιχτό" }
    var nothingOpenNotice: String { "τίποτα" }
    var howToBegin: Markup { "/addmachine" }

    func menuText(_ command: LibraryCommand) -> String { "μενού" }
    func helpLine(_ command: LibraryCommand) -> Markup { "/library βιβλιοθήκη" }
    var libraryTitle: Markup { "βιβλιοθήκη" }
    func librarySearch(_ query: String) -> Markup { "ψάχνω \(query)" }
    var libraryEmpty: Markup { "άδεια" }
    var libraryNothingFound: Markup { "τίποτα" }
    func libraryLine(number: Int, _ machine: MachineLine) -> Markup {
        let fields = [machine.manufacturer, machine.modelNumber, machine.location].map { $0 ?? "χωρίς" }
        return "\(number) \(machine.nickname) \(fields[0]) \(fields[1]) \(fields[2])"
    }
    func libraryCount(total: Int, range: ClosedRange<Int>?) -> Markup {
        range.map { "\($0.lowerBound) έως \($0.upperBound) από \(total)" } ?? "\(total)"
    }
    var newerButton: String { "νέα" }
    var olderButton: String { "παλιά" }
    var libraryUnavailable: Markup { "σφάλμα" }
    var libraryUnavailableNotice: String { "σφάλμα" }
    func machineRenamed(from earlier: String, to nickname: String) -> Markup { "\(earlier) έγινε \(nickname)" }

    var photoOffer: Markup { "μηχανή;" }
    var saveToLibraryButton: String { "ναι" }

    func menuText(_ command: AboutCommand) -> String { "μενού" }
    func helpLine(_ command: AboutCommand) -> Markup { "/\(fixed: command.rawValue) αυτό" }
    func version(_ version: String) -> Markup { "έκδοση \(version)" }
    var helpTitle: Markup { "τι κάνει" }

    func notAllowed(userID: String) -> Markup { "κλειστό \(userID)" }
    var notAllowedNotice: String { "κλειστό" }
    var unreadableEntry: Markup { "χάλασε" }
    var unreadableEntryNotice: String { "χάλασε" }
    var anonymous: Markup { "ανώνυμος" }
    var tryAgain: Markup { "ξανά" }
    var tryAgainNotice: String { "ξανά" }
    var messageKept: Markup { "περίμενε" }
    var memoryOnly: Markup { "μνήμη" }
}
