import Contracts
import Dialogue
import KillPoints

extension TurnEngine {
    /// Performs a decision. The outcome is what the bot may say after that.
    func follow(
        _ decision: Decision, over open: OpenEntry?, kept: KeptDraft? = nil, _ input: Input, _ turn: Turn
    ) async throws(ServiceFailure) -> TurnOutcome {
        switch decision {
        case .reply(let message):
            var outcome = TurnOutcome(message: message, lastMessageID: lastMessageID(turn, open))
            // In a group, a tap on another person's button: only the person who tapped sees the notice.
            outcome.isNoticeOnly = turn.tap != nil && turn.isGroup && open == nil
            if let open, case .begin = input {
                // Without this save, the update would begin another entry if it came again after this one ended.
                outcome.volatile = try await save(open.entry, over: open, turn)
                return outcome
            }
            return noEffect(outcome, turn)
        case .save(let entry, let message):
            let volatile = try await save(entry, over: open, earlier: open == nil ? kept : nil, turn)
            return TurnOutcome(
                message: message, lastMessageID: lastMessageID(turn, open), volatile: volatile)
        case .takeUp(let entry, let message):
            guard let kept, var again = OpenEntry(kept) else { return .silent }
            again.revision = open?.revision ?? .none
            // Updates that had no effect before must not become answers in the entry that is taken up.
            again.answeredUpdates += open?.answeredUpdates ?? []
            return TurnOutcome(
                message: message, lastMessageID: lastMessageID(turn, again),
                volatile: try await save(entry, over: again, turn))
        case .checkNickname(let nickname, let entry, let isStored):
            let decision = try await checkNickname(nickname, entry, isStored: isStored, turn)
            return try await follow(decision, over: open, kept: kept, input, turn)
        case .complete(let entry): return try await complete(entry, over: open, input, turn)
        case .cancel(let message): return try await clear(.cancelled, turn, message)
        }
    }

    /// The message to which a question in a group replies.
    private func lastMessageID(_ turn: Turn, _ open: OpenEntry?) -> Int64? {
        turn.personsMessage?.id ?? open?.lastMessageID(for: turn)
    }

    func noEffect(_ outcome: TurnOutcome, _ turn: Turn) -> TurnOutcome {
        memory.answeredWithoutEffect(turn)
        return outcome
    }

    /// - Returns: the effect of this save, if only memory has it; otherwise nothing.
    private func save(
        _ entry: Entry, over open: OpenEntry?, earlier: KeptDraft? = nil, _ turn: Turn
    ) async throws(ServiceFailure) -> [VolatileEffect] {
        let settledBefore = settledBefore()
        let params = StateSave.Params(
            key: turn.lane.conversation(), step: entry.step.rawValue,
            data: OpenEntry.data(
                for: entry, over: open, earlier: earlier, message: turn.isGroup ? turn.personsMessage : nil,
                answeredUpdates: memory.answeredUpdates(of: turn.lane),
                settledBefore: settledBefore),
            updateID: turn.updateID, expectedRevision: open?.revision ?? Revision.none, settledBefore: settledBefore,
            sentAt: turn.judgedAt)
        killPoint("gateway.before-save")
        let saved = try await calls.call(StateSave.self, params)
        killPoint("gateway.after-save")
        return saved.placement.isDurable ? [] : [.save(params)]
    }

    func clear(
        _ reason: StateClear.Reason, _ turn: Turn, outcome: JSONValue? = nil, _ message: AnyMessage,
        volatile: [VolatileEffect] = []
    ) async throws(ServiceFailure) -> TurnOutcome {
        let params = StateClear.Params(
            key: turn.lane.conversation(), reason: reason, updateID: turn.updateID, outcome: outcome,
            settledBefore: settledBefore(), sentAt: turn.judgedAt)
        killPoint("gateway.before-clear")
        let cleared = try await calls.call(StateClear.self, params)
        killPoint("gateway.after-clear")
        return TurnOutcome(
            message: message, volatile: cleared.placement.isDurable ? volatile : volatile + [.clear(params)])
    }

    private func checkNickname(
        _ nickname: String, _ entry: Entry, isStored: Bool, _ turn: Turn
    ) async throws(ServiceFailure) -> Decision {
        do {
            let check = try await calls.call(
                LibraryCheckNickname.self,
                .init(
                    userID: turn.lane.user, nickname: nickname,
                    requestID: MachineRequestID.make(userID: turn.lane.user, chatID: turn.lane.chat, tag: entry.tag)))
            return check.available
                ? AddMachine.nicknameFree(entry, nickname)
                : AddMachine.nicknameTaken(entry, nickname, suggestion: check.suggestion, isStored: isStored)
        } catch .refused(let error) where error.code == .invalidArgument {
            return AddMachine.libraryRefused(entry, at: .nickname)
        }
    }

    /// Adds the machine, and only then ends the conversation.
    private func complete(
        _ entry: Entry, over open: OpenEntry?, _ input: Input, _ turn: Turn
    ) async throws(ServiceFailure) -> TurnOutcome {
        var details = MachineDetails(entry.draft, ocrData: open?.data[OpenEntry.Key.ocrData])
        let requestID = MachineRequestID.make(userID: turn.lane.user, chatID: turn.lane.chat, tag: entry.tag)
        while true {
            let params = LibraryAdd.Params(requestID: requestID, userID: turn.lane.user, details: details)
            killPoint("gateway.before-add")
            do {
                let added = try await calls.call(LibraryAdd.self, params)
                killPoint("gateway.after-add")
                return try await completed(params, added, turn)
            } catch .refused(let error) where error.code == .duplicateNickname {
                return try await follow(AddMachine.libraryRefused(entry, at: .nickname), over: open, input, turn)
            } catch .refused(let error) where error.code == .invalidArgument {
                if let step = Step.allCases.first(where: { $0.dataKey == error.field }) {
                    return try await follow(AddMachine.libraryRefused(entry, at: step), over: open, input, turn)
                }
                // Leave out a value for which no question exists, rather than refuse the machine.
                switch error.field {
                case OpenEntry.Key.ocrData? where details.ocrData != nil: details.ocrData = nil
                case OpenEntry.Key.photo? where details.texts[.photoFileID] != nil: details.texts[.photoFileID] = nil
                default: throw .refused(error)
                }
            }
        }
    }

    private func completed(
        _ params: LibraryAdd.Params, _ added: StoredMachine, _ turn: Turn
    ) async throws(ServiceFailure) -> TurnOutcome {
        var outcome: [String: JSONValue] = ["machine_id": .string(added.machine.id)]
        if !added.isDurable {
            // Clearing empties the entry. If the library's memory is lost, only this copy is left of the machine.
            outcome["machine"] = .object(params.members)
            guard JSONValue.object(outcome).serialized().count <= StateClear.outcomeBytesMax else {
                throw .unavailable(
                    .library, reason: "only memory has the machine, and it is too large for a copy in rivet-state")
            }
        }
        return try await clear(
            .completed, turn, outcome: .object(outcome), .addMachine(.saved(Draft(added.machine.details))),
            volatile: added.isDurable ? [] : [.add(params)])
    }
}
