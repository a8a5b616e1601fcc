import Dialogue

let tag = "k3x9"

/// An entry that awaits `step`, with every step before it answered.
func entry(at step: Step, _ change: (inout Draft) -> Void = { _ in }) -> Entry {
    var draft = Draft()
    for earlier in Step.allCases.prefix(while: { $0 != step }) {
        draft.answers[earlier] = earlier == .serial ? .skipped : .value("the \(earlier.rawValue)")
    }
    change(&draft)
    return Entry(step: step, draft: draft, tag: tag)
}

func decide(_ entry: Entry?, _ input: Input) -> Decision { AddMachine.decide(entry, input, newTag: tag) }

extension Input {
    static let addMachine = Input.begin(Draft())
    static let unknownCommand = Input.unknownCommand("/nonsense")
    static func text(_ text: String) -> Input { Input(typed: text) }
    static func button(data: String) -> Input { Input(tapped: data) }
    static func saveToLibrary(fileID: String?, manufacturerHint: String?, modelHint: String?) -> Input {
        .begin(Draft(photoFileID: fileID, manufacturerHint: manufacturerHint, modelHint: modelHint))
    }
}

extension AnyMessage {
    /// In English.
    var reply: Reply { reply(in: English()) }
}

extension Reply {
    static func question(_ entry: Entry) -> Reply { AnyMessage.addMachine(.question(entry)).reply }
    static func welcomeBack(_ entry: Entry) -> Reply { AnyMessage.addMachine(.welcomeBack(entry)).reply }
    static func cancelled(_ kept: KeptEntry?) -> Reply { AnyMessage.addMachine(.cancelled(kept)).reply }
    static func saved(_ draft: Draft) -> Reply { AnyMessage.addMachine(.saved(draft)).reply }
    static func library(_ page: LibraryPage) -> Reply { AnyMessage.library(.page(page)).reply }
    static func notAllowed(userID: String) -> Reply { AnyMessage.trouble(.notAllowed(userID: userID)).reply }
}

extension Step {
    var words: StepTexts { English().step(self) }
}

extension Decision {
    var message: AnyMessage? {
        switch self {
        case .reply(let message), .save(_, let message), .cancel(let message), .takeUp(_, let message): message
        case .checkNickname, .complete: nil
        }
    }

    var reply: Reply? { message?.reply }

    var saved: Entry? {
        guard case .save(let entry, _) = self else { return nil }
        return entry
    }

    /// The decision with which the conversation continues if the library has no such nickname.
    func next(from entry: Entry) -> Decision {
        guard case .checkNickname(let nickname, let entry, _) = self else { return self }
        return AddMachine.nicknameFree(entry, nickname)
    }

    var isReplyOnly: Bool { if case .reply = self { true } else { false } }
    var isCancel: Bool { if case .cancel = self { true } else { false } }
}

extension Reply {
    var buttonData: [String] { buttons.joined().map(\.data) }
}

/// What Telegram counts: the text without tags and with entities resolved. Nil if a tag is unknown or unbalanced.
func parsedUnits(_ html: String) -> Int? {
    var units = 0
    var open: [String] = []
    var rest = html.unicodeScalars[...]
    while let first = rest.popFirst() {
        switch first {
        case "<":
            guard let end = rest.firstIndex(of: ">") else { return nil }
            let name = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
            if name.first == "/" {
                guard open.popLast() == String(name.dropFirst()) else { return nil }
            } else {
                guard ["b", "code"].contains(name) else { return nil }
                open.append(name)
            }
        case "&":
            guard let entity = ["amp;", "lt;", "gt;", "quot;"].first(where: { rest.starts(with: $0.unicodeScalars) })
            else { return nil }
            rest.removeFirst(entity.unicodeScalars.count)
            units += 1
        case ">": return nil
        default: units += first.utf16.count
        }
    }
    return open.isEmpty ? units : nil
}
