import TextRules

/// The add-machine flow as a pure function: it decides what follows from a person's input and the entry so far.
public enum AddMachine {
    /// Decides what follows from `input` while `entry` is stored.
    ///
    /// - Parameters:
    ///   - kept: an entry that is over and may be taken up again. `entry` is then nil or has no answer.
    ///   - newTag: the tag of an entry that begins or is taken up again.
    public static func decide(_ entry: Entry?, kept: KeptEntry? = nil, _ input: Input, newTag: String) -> Decision {
        if case .tap(.act(.resume, _, let tag)) = input, let kept, kept.entry.tag == tag {
            let again = Entry(step: kept.entry.step, draft: kept.entry.draft, tag: newTag)
            return .takeUp(again, .addMachine(.takenUp(again)))
        }
        switch (input, entry) {
        case (.begin(let draft, let nickname), nil):
            var begun = Entry(step: .nickname, draft: draft, tag: newTag)
            let beside = worthTelling(kept)
            // An answer would end the chance to take the expired entry up: here the nickname is only proposed.
            if let nickname, beside == nil { return answer(nickname, in: begun, isStored: false) }
            if let nickname { begun.draft.nicknameHint = nickname }
            return .save(begun, .addMachine(.begun(begun, beside: beside)))
        case (.begin(_, let nickname), let entry?): return reply(.inProgress(entry, notTaken: nickname))
        case (.help, let entry): return .reply(.about(.help(entry)))
        case (.photo(let fileID, let caption), nil):
            switch caption {
            case nil, .answer: return .reply(.photo(.offer))
            case .begin(var draft, let nickname):
                draft.photoFileID = fileID
                return decide(nil, kept: kept, .begin(draft, nickname: nickname), newTag: newTag)
            case let caption?: return decide(nil, kept: kept, caption, newTag: newTag)
            }
        case (let input, nil):
            if let kept, kept.hasExpired { return reply(.expired(kept)) }
            return reply(.nothingOpen(input))
        case (.answer(let text), let entry?): return answer(text, in: entry)
        case (.skip, let entry?): return skip(entry)
        case (.back, let entry?): return back(entry)
        case (.cancel, let entry?): return cancel(entry)
        case (.photo(let fileID, let caption), var entry?):
            entry.draft.photoFileID = fileID
            guard let caption else { return save(entry, .photoKept(entry)) }
            return saving(entry, decide(entry, kept: kept, caption, newTag: newTag))
        case (.place(let text), let entry?):
            return entry.step == .location ? answer(text, in: entry) : reply(.notUnderstood(.location, entry))
        case (.tap(let tap), let entry?): return follow(tap, in: entry)
        case (.unknownCommand(let text), let entry?): return reply(.unknownCommand(text, entry))
        case (.commandWithWords(let command, let words), let entry?):
            return reply(.wordsNotTaken(command, words, entry))
        case (.other(let kind), let entry?): return reply(.notUnderstood(kind, entry))
        }
    }

    /// The library has no machine of this person under `nickname` yet.
    public static func nicknameFree(_ entry: Entry, _ nickname: String) -> Decision {
        record(.value(nickname), in: entry)
    }

    /// The library has a machine under `nickname`. `suggestion` is a nickname that is free. `isStored` tells whether
    /// the state holds `entry` as it is here.
    public static func nicknameTaken(
        _ entry: Entry, _ nickname: String, suggestion: String?, isStored: Bool = true
    ) -> Decision {
        let message = AddMachineMessage.nicknameTaken(nickname, suggestion: suggestion, entry)
        return isStored ? reply(message) : save(entry, message)
    }

    /// The library refused the machine of a completed `entry` because of its answer to `step`. For example, the
    /// nickname was taken after the check. The bot asks that question again; all other answers are kept.
    public static func libraryRefused(_ entry: Entry, at step: Step) -> Decision {
        let again = Entry(step: step, draft: entry.draft, tag: entry.tag)
        return save(again, .askedAgain(again))
    }

    /// The reply to an input whose effect `entry` already has: the same as the first time, unless another one followed.
    ///
    /// Of a nickname that was taken, the proposal is not known any more: it is left out.
    public static func replay(_ entry: Entry, kept: KeptEntry? = nil, _ input: Input) -> AnyMessage {
        guard case .photo(_, let caption?) = input, !wasTaken(caption, by: entry) else {
            return .addMachine(replayed(entry, kept, input))
        }
        // The photo is stored; what was said to the caption follows from the entry.
        switch decide(entry, caption, newTag: entry.tag) {
        case .reply(let message): return message
        case .checkNickname(let nickname, _, _): return .addMachine(.nicknameTaken(nickname, suggestion: nil, entry))
        case .save, .takeUp, .complete, .cancel: return .addMachine(replayed(entry, kept, caption))
        }
    }

    private static func replayed(_ entry: Entry, _ kept: KeptEntry?, _ input: Input) -> AddMachineMessage {
        switch input {
        case .begin(_, let nickname): return replayedBeginning(entry, kept, nickname)
        case .tap(.act(.resume, _, _)): return .takenUp(entry)
        case .photo(_, let caption): return caption.map { replayed(entry, kept, $0) } ?? .photoKept(entry)
        case .back, .tap(.act(.back, _, _)): return .wentBack(entry)
        case .answer, .skip, .tap, .place:
            if entry.isAskedAgain { return .askedAgain(entry) }
            return entry.step.previous.map { .answered($0, entry) } ?? .question(entry)
        case .cancel, .help, .unknownCommand, .commandWithWords, .other: return .question(entry)
        }
    }

    private static func replayedBeginning(
        _ entry: Entry, _ kept: KeptEntry?, _ nickname: String?
    ) -> AddMachineMessage {
        let value: String?
        do {
            value = try nickname.map { text throws(TextRefusal) in try AnswerRules.accepted(text, at: .nickname) }
        } catch {
            // A nickname that was refused began the entry.
            let hasBegun = entry.step == .nickname && entry.draft.answers.isEmpty
            let isProposed = entry.draft.nicknameHint != nil && entry.draft.nicknameHint == nickname
            return hasBegun && !isProposed ? .refused(error, entry) : replayedBeginning(entry, kept, notTaken: nickname)
        }
        if let value, entry.step == .manufacturer, entry.draft.answers == [.nickname: .value(value)] {
            return .answered(.nickname, entry)
        }
        if let value, entry.step == .nickname, entry.draft.answers.isEmpty, entry.draft.nicknameHint != nickname {
            return .nicknameTaken(value, suggestion: nil, entry)
        }
        return replayedBeginning(entry, kept, notTaken: nickname)
    }

    private static func replayedBeginning(
        _ entry: Entry, _ kept: KeptEntry?, notTaken nickname: String?
    ) -> AddMachineMessage {
        entry.step == .nickname && entry.draft.answers.isEmpty
            ? .begun(entry, beside: worthTelling(kept)) : .inProgress(entry, notTaken: nickname)
    }

    /// The kept entry, if a message about a new entry mentions it: it has expired, and the person told something in it.
    private static func worthTelling(_ kept: KeptEntry?) -> KeptEntry? {
        kept.flatMap { $0.hasExpired && $0.entry.hasContent ? $0 : nil }
    }

    /// Whether the input of a caption led to this entry. One that was refused did not; of a step back, that is not
    /// known.
    private static func wasTaken(_ caption: Input, by entry: Entry) -> Bool {
        guard let step = entry.step.previous else { return false }
        switch caption {
        case .answer(let text):
            guard let value = try? AnswerRules.accepted(text, at: step) else { return false }
            return entry.draft[step] == value
        case .skip: return entry.draft.answers[step] == .skipped
        default: return false
        }
    }

    // MARK: - Steps

    private static func reply(_ message: AddMachineMessage) -> Decision { .reply(.addMachine(message)) }

    private static func save(_ entry: Entry, _ message: AddMachineMessage) -> Decision {
        .save(entry, .addMachine(message))
    }

    private static func answer(_ text: String, in entry: Entry, isStored: Bool = true) -> Decision {
        do {
            let value = try AnswerRules.accepted(text, at: entry.step)
            return entry.step == .nickname
                ? .checkNickname(value, entry, isStored: isStored) : record(.value(value), in: entry)
        } catch {
            return isStored ? reply(.refused(error, entry)) : save(entry, .refused(error, entry))
        }
    }

    /// The same decision about an entry that the state does not hold yet: whatever is said, it is stored first.
    private static func saving(_ entry: Entry, _ decision: Decision) -> Decision {
        switch decision {
        case .reply(let message): .save(entry, message)
        case .checkNickname(let nickname, let entry, _): .checkNickname(nickname, entry, isStored: false)
        case .save, .takeUp, .complete, .cancel: decision
        }
    }

    private static func skip(_ entry: Entry) -> Decision {
        entry.step.isSkippable ? record(.skipped, in: entry) : reply(.notSkippable(entry))
    }

    private static func back(_ entry: Entry) -> Decision {
        guard let previous = entry.step.previous else { return reply(.nothingBefore(entry)) }
        let back = Entry(step: previous, draft: entry.draft, tag: entry.tag)
        return save(back, .wentBack(back))
    }

    private static func cancel(_ entry: Entry) -> Decision {
        .cancel(.addMachine(.cancelled(KeptEntry(entry: entry, hasExpired: false))))
    }

    private static func follow(_ tap: TapData?, in entry: Entry) -> Decision {
        let stale = reply(.staleTap(isOfThisEntry: tap?.tag == entry.tag, entry))
        guard let tap, tap.tag == entry.tag, tap.step == entry.step else { return stale }
        switch tap {
        case .act(.skip, _, _): return skip(entry)
        case .act(.back, _, _): return back(entry)
        case .act(.cancel, _, _): return cancel(entry)
        case .act(.resume, _, _): return stale
        case .act(.hint, let step, _): return entry.draft.hint(for: step).map { answer($0, in: entry) } ?? stale
        case .act(.keep, let step, _): return entry.draft[step].map { answer($0, in: entry) } ?? stale
        case .nickname(let nickname, _): return answer(nickname, in: entry)
        case .value(let value, _, _): return answer(value, in: entry)
        }
    }

    /// Records the answer to the current step, and asks the next question if there is one.
    private static func record(_ answer: Answer, in entry: Entry) -> Decision {
        var entry = entry
        let answeredStep = entry.step
        let next = entry.isAskedAgain ? nil : answeredStep.next
        entry.draft.answers[answeredStep] = answer
        guard let next else {
            return entry.draft.firstUnacceptable.map { libraryRefused(entry, at: $0) } ?? .complete(entry)
        }
        entry.step = next
        return save(entry, .answered(answeredStep, entry))
    }
}
