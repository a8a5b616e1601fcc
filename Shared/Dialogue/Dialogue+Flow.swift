/// The replies to a person who is adding a machine. Each ends with the question that is open now.
extension Dialogue {
    /// The open question alone.
    public static func currentQuestion(_ entry: Entry) -> Reply {
        Reply(question(entry), buttons: buttons(entry))
    }

    /// The open question with what was told so far, for someone who was kept waiting by an absence of ours.
    public static func welcomeBack(_ entry: Entry) -> Reply {
        asking(entry, "👋 Welcome back! You were adding a machine.\n\n\(progress(entry))")
    }

    static func opening(_ entry: Entry) -> Reply { asking(entry, "\(title)") }

    static func inProgress(_ entry: Entry) -> Reply {
        asking(
            entry,
            """
            👋 You have an in-progress entry.

            \(progress(entry))

            Continuing from: \(entry.step.rawValue)
            Type /cancel to start fresh.
            """)
    }

    static func answered(_ step: Step, _ entry: Entry) -> Reply {
        guard let value = entry.draft[step] else { return asking(entry, "⏭️ Skipped \(step.rawValue).") }
        return asking(entry, "✅ \(step.spec.label): \(bold: value)")
    }

    static func wentBack(_ entry: Entry) -> Reply { asking(entry, "⬅️ Back to \(entry.step.rawValue).") }

    static func nothingBefore(_ entry: Entry) -> Reply { asking(entry, "This is the first step.") }

    static func notSkippable(_ entry: Entry) -> Reply {
        asking(entry, "❌ The \(entry.step.spec.noun) cannot be skipped.", notice: "This step cannot be skipped.")
    }

    static func photoKept(_ entry: Entry) -> Reply { asking(entry, "📷 Photo kept with this entry.") }

    static func taken(_ entry: Entry, _ nickname: String, _ suggestion: String?) -> Reply {
        let refusal = alreadyNamed(nickname)
        guard let suggestion else { return asking(entry, refusal) }
        let accept = TapData.nickname(suggestion, tag: entry.tag).encoded.map { data in
            [Reply.Button(label: buttonLabel("✅ ", suggestion), data: data)]
        }
        return Reply(
            "\(refusal)\n💡 Still free: \(code: suggestion)\n\n\(question(entry))",
            buttons: (accept.map { [$0] } ?? []) + buttons(entry))
    }

    /// One question once more, when all have been answered. It is rendered from the entry alone.
    static func askedAgain(_ entry: Entry) -> Reply {
        asking(entry, "\(whyAskedAgain(entry))\nAll other answers are kept.")
    }

    static func refused(_ refusal: AnswerRules.Refusal, _ entry: Entry) -> Reply {
        asking(entry, reason(refusal, entry.step))
    }

    static func unknownCommand(_ entry: Entry) -> Reply {
        asking(entry, "⚠️ Unknown command during add flow.\n\(awaited(entry))")
    }

    static func notUnderstood(_ kind: String, _ entry: Entry) -> Reply {
        asking(entry, "⚠️ This cannot be taken as an answer (\(kind)).\n\(awaited(entry))")
    }

    static func staleTap(_ tap: TapData?, _ entry: Entry) -> Reply {
        let reason =
            tap?.tag == entry.tag
            ? "That button belongs to an earlier step. Nothing was changed."
            : "That button belongs to an earlier entry. Nothing was changed."
        return asking(entry, "⚠️ \(reason)", notice: reason)
    }

    /// What is asked now, as an ending for a reply about something else.
    static func question(_ entry: Entry) -> Markup {
        let spec = entry.step.spec
        var lines: [Markup] = ["\(spec.prompt)"]
        if let kept = kept(entry) { lines.append("✏️ Before: \(kept)") }
        if let hint = entry.draft.hint(for: entry.step) { lines.append("💡 Detected: \(hint)") }
        if let example = spec.example { lines.append("\(example)") }
        if let skipHint = spec.skipHint { lines.append("\(skipHint)") }
        return .lines(lines)
    }

    static func buttons(_ entry: Entry) -> [[Reply.Button]] {
        func button(_ verb: TapData.Verb, _ label: String) -> [Reply.Button] {
            TapData.act(verb, entry.step, tag: entry.tag).encoded.map { [Reply.Button(label: label, data: $0)] } ?? []
        }
        let accept = [
            kept(entry).map { button(.keep, buttonLabel("✏️ ", $0)) },
            entry.draft.hint(for: entry.step).map { button(.hint, buttonLabel("💡 ", $0)) },
        ]
        let move =
            (entry.step.isSkippable ? button(.skip, "⏭️ Skip") : [])
            + (entry.step.previous != nil ? button(.back, "⬅️ Back") : [])
            + button(.cancel, "❌ Cancel")
        return accept.compactMap { $0 } + [move]
    }

    // MARK: - Parts

    static var title: Markup { "📝 \(bold: "Add to Library")" }

    private static func reason(_ refusal: AnswerRules.Refusal, _ step: Step) -> Markup {
        let spec = step.spec
        return switch refusal {
        case .blank where step == .nickname, .tooShort:
            "❌ \(spec.label) too short. Please enter at least \(spec.characters.lowerBound) characters."
        case .tooLong where step == .nickname:
            "❌ Nickname too long. Please keep it under \(spec.characters.upperBound) characters."
        case .tooLong(let characters):
            """
            ❌ \(spec.label) too long: at most \(spec.characters.upperBound) characters are accepted, \
            yours has \(characters).
            """
        case .tooManyBytes: "❌ \(spec.label) too long. Please send a shorter text."
        case .severalLines: "❌ Please send it as one line, without line breaks or tabs."
        case .controlCharacter: "❌ The text holds a control character. Please send it as plain text."
        case .blank: "❌ The text is empty."
        }
    }

    private static func whyAskedAgain(_ entry: Entry) -> Markup {
        guard let value = entry.draft[entry.step] else { return "❌ The \(entry.step.spec.noun) is missing." }
        do {
            _ = try AnswerRules.accepted(value, at: entry.step)
        } catch {
            return reason(error, entry.step)
        }
        return entry.step == .nickname
            ? alreadyNamed(value)
            : "❌ The library cannot take this \(entry.step.spec.noun). Please enter another."
    }

    private static func alreadyNamed(_ nickname: String) -> Markup {
        "❌ You already have equipment named '\(bold: nickname)'.\nPlease choose a different nickname."
    }

    static func asking(_ entry: Entry, _ beginning: Markup, notice: String? = nil) -> Reply {
        Reply("\(beginning)\n\n\(question(entry))", buttons: buttons(entry), notice: notice)
    }

    private static func awaited(_ entry: Entry) -> Markup {
        entry.step.isSkippable
            ? "Please enter the \(entry.step.spec.noun), /skip, or /cancel."
            : "Please enter the \(entry.step.spec.noun), or /cancel."
    }

    /// The answer that was given here before going back. One that was refused is none.
    private static func kept(_ entry: Entry) -> String? {
        entry.isAskedAgain ? nil : entry.draft[entry.step].flatMap { try? AnswerRules.accepted($0, at: entry.step) }
    }

    static func progress(_ entry: Entry) -> Markup {
        let lines = lines(entry, Step.allCases.filter { $0 != entry.step })
        return lines.isEmpty ? "Progress: Just started" : "Progress:\n\(.lines(lines))"
    }

    /// All that was told, of the step that was asked too.
    static func told(_ entry: Entry) -> Markup {
        let lines = lines(entry, Step.allCases)
        return lines.isEmpty ? "It had just started." : "It had:\n\(.lines(lines))"
    }

    private static func lines(_ entry: Entry, _ steps: [Step]) -> [Markup] {
        let answers: [Markup] = steps.compactMap { step in
            switch entry.draft.answers[step] {
            case .value(let value): "• \(step.spec.label): \(value)"
            case .skipped: "• \(step.spec.label): skipped"
            case nil: nil
            }
        }
        return answers + (entry.draft.photoFileID != nil ? ["• 📷 Photo"] : [])
    }

    static func buttonLabel(_ sign: String, _ value: String) -> String {
        let oneLine = AnswerRules.normalisedNickname(value)
        return sign + Markup.shortened(oneLine, unitsMax: 48)
    }
}
