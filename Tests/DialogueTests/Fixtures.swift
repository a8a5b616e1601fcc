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

func decide(_ entry: Entry?, _ input: Input) -> Decision { Dialogue.decide(entry, input, newTag: tag) }

extension Decision {
    var reply: Reply? {
        switch self {
        case .reply(let reply), .save(_, let reply), .cancel(let reply), .takeUp(_, let reply): reply
        case .checkNickname, .complete: nil
        }
    }

    var saved: Entry? {
        guard case .save(let entry, _) = self else { return nil }
        return entry
    }

    /// The entry that the conversation goes on with; the library answers that a nickname is free.
    func next(from entry: Entry) -> Decision {
        guard case .checkNickname(let nickname) = self else { return self }
        return Dialogue.nicknameFree(entry, nickname)
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
