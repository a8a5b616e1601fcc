import TextRules

/// The layout of the flow's messages, and their buttons.
extension AddMachineMessage {
    func reply(in texts: any Texts) -> Reply {
        switch self {
        case .question(let entry):
            return Reply(
                Self.question(of: entry, in: texts), buttons: Self.buttons(for: entry, in: texts), isQuestion: true)
        case .welcomeBack(let entry):
            return Self.asking(entry, "\(texts.welcomeBack)\n\n\(Self.progress(of: entry, in: texts))", in: texts)
        case .begun(let entry, let kept): return Self.begun(entry, kept, in: texts)
        case .inProgress(let entry, let notTaken):
            let progress = Self.progress(of: entry, in: texts)
            let words: Markup = notTaken.map { "\n\(texts.nicknameNotTaken($0))" } ?? ""
            let from = texts.continuing(from: texts.step(entry.step))
            return Self.asking(entry, "\(texts.entryInProgress)\(words)\n\n\(progress)\n\n\(from)", in: texts)
        case .answered(let step, let entry):
            let words = texts.step(step)
            return Self.asking(
                entry, entry.draft[step].map { texts.answered(words, $0) } ?? texts.skipped(words), in: texts)
        case .wentBack(let entry): return Self.asking(entry, texts.wentBack(to: texts.step(entry.step)), in: texts)
        case .nothingBefore(let entry): return Self.asking(entry, texts.nothingBefore, in: texts)
        case .notSkippable(let entry):
            return Self.asking(
                entry, texts.notSkippable(texts.step(entry.step)), notice: texts.notSkippableNotice, in: texts)
        case .photoKept(let entry): return Self.asking(entry, texts.photoKept, in: texts)
        case .nicknameTaken(let nickname, let suggestion, let entry):
            return Self.nicknameTaken(nickname, suggestion, entry, in: texts)
        case .askedAgain(let entry):
            let why = Self.whyAskedAgain(entry, in: texts)
            return Self.asking(entry, "\(why)\n\(texts.otherAnswersKept)", in: texts)
        case .refused(let refusal, let entry):
            return Self.asking(entry, Self.reason(refusal, entry.step, in: texts), in: texts)
        case .unknownCommand(let text, let entry): return Self.unknownCommand(text, entry, in: texts)
        case .wordsNotTaken(let command, let words, let entry):
            return Self.asking(entry, texts.wordsNotTaken("/\(command.rawValue) \(words)", command), in: texts)
        case .notUnderstood(let kind, let entry):
            return Self.asking(entry, "\(texts.notAnAnswer(kind))\n\(Self.awaited(entry, in: texts))", in: texts)
        case .staleTap(let isOfThisEntry, let entry):
            let reason = texts.staleTap(isOfThisEntry: isOfThisEntry)
            return Self.asking(entry, "⚠️ \(Markup(fixed: reason))", notice: reason, in: texts)
        case .takenUp(let entry):
            let progress = Self.progress(of: entry, in: texts)
            return Self.asking(entry, "\(texts.takenUp)\n\n\(progress)", notice: texts.takenUpNotice, in: texts)
        case .cancelled(let kept):
            let buttons = kept?.entry.hasContent == true ? Self.takeUpButtons(kept, texts.undoButton, in: texts) : []
            return Reply(texts.cancelled, buttons: buttons, notice: texts.cancelledNotice)
        case .expired(let kept):
            let told = texts.expired(Self.told(of: kept.entry, in: texts))
            return Reply(told, buttons: Self.takeUpButtons(kept, in: texts), notice: texts.expiredNotice)
        case .nothingOpen(let input):
            let isTap = if case .tap = input { true } else { false }
            return Reply(
                "\(texts.nothingOpen(input))\n\n\(texts.howToBegin)", notice: isTap ? texts.nothingOpenNotice : nil)
        case .saved(let draft): return Self.saved(draft, in: texts)
        case .alreadySaved: return Reply(texts.alreadySaved, notice: texts.alreadySavedNotice)
        }
    }

    /// The open question, as the end of a message about something else.
    static func question(of entry: Entry, in texts: any Texts) -> Markup {
        let words = texts.step(entry.step)
        var lines = [Markup(fixed: words.prompt)]
        if let before = answerBefore(entry) { lines.append(texts.valueBefore(before)) }
        if let hint = entry.draft.hint(for: entry.step) { lines.append(texts.valueDetected(hint)) }
        if let example = words.example { lines.append(Markup(fixed: example)) }
        if let skipHint = words.skipHint { lines.append(Markup(fixed: skipHint)) }
        return .lines(lines)
    }

    static func buttons(for entry: Entry, in texts: any Texts) -> [[Reply.Button]] {
        func button(_ verb: TapData.Verb, _ label: String) -> [Reply.Button] {
            TapData.act(verb, entry.step, tag: entry.tag).encoded.map { [Reply.Button(label: label, data: $0)] } ?? []
        }
        let accept = [
            answerBefore(entry).map { button(.keep, buttonLabel("✏️ ", $0)) },
            entry.draft.hint(for: entry.step).map { button(.hint, buttonLabel("💡 ", $0)) },
        ]
        let move =
            (entry.step.isSkippable ? button(.skip, texts.skipButton) : [])
            + (entry.step.previous != nil ? button(.back, texts.backButton) : [])
            + button(.cancel, texts.cancelButton)
        return accept.compactMap { $0 } + [move]
    }
}

// MARK: - Parts

extension AddMachineMessage {
    private static func begun(_ entry: Entry, _ kept: KeptEntry?, in texts: any Texts) -> Reply {
        guard let kept else { return asking(entry, texts.addMachineTitle, in: texts) }
        let beside = texts.expiredBeside(kept.entry.draft[.nickname])
        return Reply(
            "\(texts.addMachineTitle)\n\(beside)\n\n\(question(of: entry, in: texts))",
            buttons: takeUpButtons(kept, in: texts) + buttons(for: entry, in: texts), isQuestion: true,
            needsButtons: true)
    }

    private static func nicknameTaken(
        _ nickname: String, _ suggestion: String?, _ entry: Entry, in texts: any Texts
    ) -> Reply {
        let refusal = texts.nicknameTaken(nickname)
        guard let suggestion else { return asking(entry, refusal, in: texts) }
        let accept = TapData.nickname(suggestion, tag: entry.tag).encoded.map { data in
            [Reply.Button(label: buttonLabel("✅ ", suggestion), data: data)]
        }
        return Reply(
            "\(refusal)\n\(texts.nicknameFree(suggestion))\n\n\(question(of: entry, in: texts))",
            buttons: (accept.map { [$0] } ?? []) + buttons(for: entry, in: texts), isQuestion: true)
    }

    private static func unknownCommand(_ text: String, _ entry: Entry, in texts: any Texts) -> Reply {
        let beginning: Markup = "\(texts.unknownCommandInFlow)\n\(awaited(entry, in: texts))"
        let isAnswer = (try? AnswerRules.accepted(text, at: entry.step)) != nil
        guard isAnswer, let data = TapData.value(text, entry.step, tag: entry.tag).encoded else {
            return asking(entry, "\(beginning)\n\(texts.howToEnterSlash)", in: texts)
        }
        let take = [Reply.Button(label: buttonLabel("✅ ", text), data: data)]
        return Reply(
            "\(beginning)\n\(texts.takeAsAnswer(text, texts.step(entry.step)))\n\n\(question(of: entry, in: texts))",
            buttons: [take] + buttons(for: entry, in: texts), isQuestion: true, needsButtons: true)
    }

    private static func saved(_ draft: Draft, in texts: any Texts) -> Reply {
        var lines = Step.allCases.filter { $0 != .nickname }.map { texts.savedLine(texts.step($0), draft[$0]) }
        if draft.photoFileID != nil { lines.append(texts.toldPhoto) }
        return Reply(texts.saved(draft[.nickname], .lines(lines)))
    }

    private static func reason(_ refusal: TextRefusal, _ step: Step, in texts: any Texts) -> Markup {
        texts.refusal(
            refusal, of: texts.step(step), isNickname: step == .nickname, characters: step.characters)
    }

    private static func whyAskedAgain(_ entry: Entry, in texts: any Texts) -> Markup {
        guard let value = entry.draft[entry.step] else { return texts.missing(texts.step(entry.step)) }
        do {
            _ = try AnswerRules.accepted(value, at: entry.step)
        } catch {
            return reason(error, entry.step, in: texts)
        }
        return entry.step == .nickname
            ? texts.nicknameTaken(value) : texts.libraryRefuses(texts.step(entry.step))
    }

    private static func asking(
        _ entry: Entry, _ beginning: Markup, notice: String? = nil, in texts: any Texts
    ) -> Reply {
        Reply(
            "\(beginning)\n\n\(question(of: entry, in: texts))", buttons: buttons(for: entry, in: texts),
            notice: notice, isQuestion: true)
    }

    private static func awaited(_ entry: Entry, in texts: any Texts) -> Markup {
        texts.awaited(texts.step(entry.step), isSkippable: entry.step.isSkippable)
    }

    /// The answer that the person gave before going back; nil if it was refused.
    private static func answerBefore(_ entry: Entry) -> String? {
        entry.isAskedAgain ? nil : entry.draft[entry.step].flatMap { try? AnswerRules.accepted($0, at: entry.step) }
    }

    private static func progress(of entry: Entry, in texts: any Texts) -> Markup {
        let lines = lines(entry, Step.allCases.filter { $0 != entry.step }, in: texts)
        return lines.isEmpty ? texts.progressEmpty : texts.progress(.lines(lines))
    }

    /// All that the person told, for the open step as well.
    private static func told(of entry: Entry, in texts: any Texts) -> Markup {
        let lines = lines(entry, Step.allCases, in: texts)
        return lines.isEmpty ? texts.toldEmpty : texts.told(.lines(lines))
    }

    private static func lines(_ entry: Entry, _ steps: [Step], in texts: any Texts) -> [Markup] {
        let answers: [Markup] = steps.compactMap { step in
            switch entry.draft.answers[step] {
            case .value(let value): texts.toldValue(texts.step(step), value)
            case .skipped: texts.toldSkipped(texts.step(step))
            case nil: nil
            }
        }
        return answers + (entry.draft.photoFileID != nil ? [texts.toldPhoto] : [])
    }

    private static func takeUpButtons(
        _ kept: KeptEntry?, _ label: String? = nil, in texts: any Texts
    ) -> [[Reply.Button]] {
        guard let kept, let data = TapData.act(.resume, kept.entry.step, tag: kept.entry.tag).encoded else { return [] }
        let nickname = kept.entry.draft[.nickname].map { buttonLabel("", $0) }
        return [[Reply.Button(label: label ?? texts.takeUpButton(nickname), data: data)]]
    }

    private static func buttonLabel(_ sign: String, _ value: String) -> String {
        let oneLine = NicknameRule.normalized(value)
        return sign + Markup.shortened(oneLine, unitsMax: 48)
    }
}
