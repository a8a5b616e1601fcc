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
        case (.begin(let draft), nil):
            let begun = Entry(step: .nickname, draft: draft, tag: newTag)
            return .save(begun, .addMachine(.begun(begun, beside: worthTelling(kept))))
        case (.begin, let entry?): return reply(.inProgress(entry))
        case (.help, let entry): return .reply(.about(.help(entry)))
        case (.photo, nil): return .reply(.photo(.offer))
        case (let input, nil):
            if let kept, kept.hasExpired { return reply(.expired(kept)) }
            return reply(.nothingOpen(input))
        case (.answer(let text), let entry?): return answer(text, in: entry)
        case (.skip, let entry?): return skip(entry)
        case (.back, let entry?): return back(entry)
        case (.cancel, let entry?): return cancel(entry)
        case (.photo(let fileID), var entry?):
            entry.draft.photoFileID = fileID
            return save(entry, .photoKept(entry))
        case (.tap(let tap), let entry?): return follow(tap, in: entry)
        case (.unknownCommand, let entry?): return reply(.unknownCommand(entry))
        case (.other(let kind), let entry?): return reply(.notUnderstood(kind, entry))
        }
    }

    /// The library has no machine of this person under `nickname` yet.
    public static func nicknameFree(_ entry: Entry, _ nickname: String) -> Decision {
        record(.value(nickname), in: entry)
    }

    /// The library has a machine under `nickname`. `suggestion` is a nickname that is free.
    public static func nicknameTaken(_ entry: Entry, _ nickname: String, suggestion: String?) -> Decision {
        reply(.nicknameTaken(nickname, suggestion: suggestion, entry))
    }

    /// The library refused the machine of a completed `entry` because of its answer to `step`. For example, the
    /// nickname was taken after the check. The bot asks that question again; all other answers are kept.
    public static func libraryRefused(_ entry: Entry, at step: Step) -> Decision {
        let again = Entry(step: step, draft: entry.draft, tag: entry.tag)
        return save(again, .askedAgain(again))
    }

    /// The reply to an input whose effect `entry` already has: the same as the first time, unless another one followed.
    public static func replay(_ entry: Entry, kept: KeptEntry? = nil, _ input: Input) -> AnyMessage {
        .addMachine(replayed(entry, kept, input))
    }

    private static func replayed(_ entry: Entry, _ kept: KeptEntry?, _ input: Input) -> AddMachineMessage {
        switch input {
        case .begin:
            return entry.step == .nickname && entry.draft.answers.isEmpty
                ? .begun(entry, beside: worthTelling(kept)) : .inProgress(entry)
        case .tap(.act(.resume, _, _)): return .takenUp(entry)
        case .photo: return .photoKept(entry)
        case .back, .tap(.act(.back, _, _)): return .wentBack(entry)
        case .answer, .skip, .tap:
            if entry.isAskedAgain { return .askedAgain(entry) }
            return entry.step.previous.map { .answered($0, entry) } ?? .question(entry)
        case .cancel, .help, .unknownCommand, .other: return .question(entry)
        }
    }

    /// The kept entry, if a message about a new entry mentions it: it has expired, and the person told something in it.
    private static func worthTelling(_ kept: KeptEntry?) -> KeptEntry? {
        kept.flatMap { $0.hasExpired && $0.entry.hasContent ? $0 : nil }
    }

    // MARK: - Steps

    private static func reply(_ message: AddMachineMessage) -> Decision { .reply(.addMachine(message)) }

    private static func save(_ entry: Entry, _ message: AddMachineMessage) -> Decision {
        .save(entry, .addMachine(message))
    }

    private static func answer(_ text: String, in entry: Entry) -> Decision {
        do {
            let value = try AnswerRules.accepted(text, at: entry.step)
            return entry.step == .nickname ? .checkNickname(value) : record(.value(value), in: entry)
        } catch {
            return reply(.refused(error, entry))
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
