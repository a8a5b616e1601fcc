import TextRules

@testable import Dialogue

/// One message of each kind, and the values that it must show in each language.
struct MessageSample: Sendable, CustomStringConvertible {
    let message: AnyMessage
    let values: [String]
    /// The case's name, so that a test sees which case has no sample.
    let name: String

    init(_ message: AnyMessage, _ values: String...) {
        self.message = message
        self.values = values
        name = Self.name(of: message)
    }

    var description: String { name }

    static var all: [MessageSample] {
        let told = entry(at: .serial)
        let begun = Entry(step: .nickname, draft: Draft(), tag: tag)
        let over = KeptEntry(entry: told, hasExpired: true)
        let missing = entry(at: .nickname) { draft in
            draft.answers = Dictionary(uniqueKeysWithValues: Step.allCases.dropFirst().map { ($0, .skipped) })
        }
        let flow: [MessageSample] = [
            .init(.addMachine(.question(begun))), .init(.addMachine(.welcomeBack(told)), "the nickname", "the model"),
            .init(.addMachine(.begun(begun, beside: over)), "the nickname"),
            .init(.addMachine(.inProgress(told, notTaken: "Valve 9")), "the nickname", "Valve 9"),
            .init(.addMachine(.answered(.model, told)), "the model"), .init(.addMachine(.wentBack(told))),
            .init(.addMachine(.nothingBefore(begun))), .init(.addMachine(.notSkippable(begun))),
            .init(.addMachine(.photoKept(told))),
            .init(.addMachine(.nicknameTaken("Pump", suggestion: "Pump (2)", begun)), "Pump", "Pump (2)"),
            .init(.addMachine(.askedAgain(missing))),
            .init(.addMachine(.refused(.tooLong(characters: 731), told)), "731"),
            .init(.addMachine(.unknownCommand("/A-103", told)), "/A-103"),
            .init(.addMachine(.wordsNotTaken(.skip, "2", told)), "/skip 2"),
            .init(.addMachine(.notUnderstood(.sticker, told))),
            .init(.addMachine(.staleTap(isOfThisEntry: true, told))),
            .init(.addMachine(.takenUp(told)), "the nickname"),
            .init(.addMachine(.cancelled(over))), .init(.addMachine(.expired(over)), "the nickname", "the model"),
            .init(.addMachine(.nothingOpen(.skip))),
            .init(.addMachine(.saved(told.draft)), "the nickname", "the model"),
            .init(.addMachine(.alreadySaved)),
        ]
        let machine = MachineLine(nickname: "Pump", manufacturer: "Acme", modelNumber: "M-7", location: "Hall 3")
        return flow + [
            .init(
                .library(.page(LibraryPage(machines: [machine], firstNumber: 21, total: 41, query: "hall"))),
                "Pump", "Acme", "M-7", "Hall 3", "hall", "21", "41"),
            .init(.library(.unavailable)), .init(.library(.renamed(from: "Pump", to: "Pump (2)")), "Pump", "Pump (2)"),
            .init(.photo(.offer)), .init(.about(.help(told))), .init(.about(.version("1.2.3")), "1.2.3"),
            .init(.trouble(.notAllowed(userID: "4711")), "4711"),
            .init(.trouble(.unreadableEntry)), .init(.trouble(.tryAgain)), .init(.trouble(.anonymous)),
            .init(.trouble(.messageKept)),
        ]
    }

    /// A new case does not compile here until it is named; the test then asks for its sample.
    static let names: Set<String> = [
        "question", "welcomeBack", "begun", "inProgress", "answered", "wentBack", "nothingBefore", "notSkippable",
        "photoKept", "nicknameTaken", "askedAgain", "refused", "unknownCommand", "wordsNotTaken", "notUnderstood",
        "staleTap", "takenUp",
        "cancelled", "expired", "nothingOpen", "saved", "alreadySaved", "page", "unavailable", "renamed", "offer",
        "help",
        "version",
        "notAllowed", "unreadableEntry", "tryAgain", "anonymous", "messageKept",
    ]

    private static func name(of message: AnyMessage) -> String {
        switch message {
        case .addMachine(let message): name(of: message)
        case .library(.page): "page"
        case .library(.unavailable): "unavailable"
        case .library(.renamed): "renamed"
        case .photo(.offer): "offer"
        case .about(.help): "help"
        case .about(.version): "version"
        case .trouble(.notAllowed): "notAllowed"
        case .trouble(.unreadableEntry): "unreadableEntry"
        case .trouble(.tryAgain): "tryAgain"
        case .trouble(.anonymous): "anonymous"
        case .trouble(.messageKept): "messageKept"
        }
    }

    private static func name(of message: AddMachineMessage) -> String {
        switch message {
        case .question: "question"
        case .welcomeBack: "welcomeBack"
        case .begun: "begun"
        case .inProgress: "inProgress"
        case .answered: "answered"
        case .wentBack: "wentBack"
        case .nothingBefore: "nothingBefore"
        case .notSkippable: "notSkippable"
        case .photoKept: "photoKept"
        case .nicknameTaken: "nicknameTaken"
        case .askedAgain: "askedAgain"
        case .refused: "refused"
        case .unknownCommand: "unknownCommand"
        case .wordsNotTaken: "wordsNotTaken"
        case .notUnderstood: "notUnderstood"
        case .staleTap: "staleTap"
        case .takenUp: "takenUp"
        case .cancelled: "cancelled"
        case .expired: "expired"
        case .nothingOpen: "nothingOpen"
        case .saved: "saved"
        case .alreadySaved: "alreadySaved"
        }
    }
}
