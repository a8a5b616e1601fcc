import Contracts
import Dialogue

extension TurnEngine {
    /// The answer to an update that was applied when it was delivered before, by us or by a process that died.
    ///
    /// If another update was applied after it, this one was answered then: a lane goes on only after the reply.
    func replay(
        _ applied: AppliedUpdate, _ state: Conversation?, _ kept: KeptDraft?, _ input: Input, _ turn: Turn
    ) async throws(ServiceFailure) -> TurnOutcome {
        if let state {
            let outcome = TurnOutcome(volatile: state.isDurable ? [] : [volatileEffect(of: turn)])
            guard applied.cleared == nil, state.updateID == turn.updateID, let open = OpenEntry(state) else {
                return outcome
            }
            let earlier = open.earlier.flatMap(KeptEntry.init)
            return TurnOutcome(
                message: AddMachine.replay(open.entry, kept: earlier, input), volatile: outcome.volatile)
        }
        guard let clearing = applied.cleared else { return try await overtaken(turn) }
        switch clearing.reason {
        case .cancelled:
            return try await clear(
                .cancelled, turn, outcome: clearing.outcome,
                .addMachine(.cancelled(kept.flatMap(KeptEntry.init))))
        case .invalid:
            return try await clear(.invalid, turn, outcome: clearing.outcome, .trouble(.unreadableEntry))
        case .expired: return try await overtaken(turn)
        case .completed: return try await replayCompleted(clearing.outcome, turn)
        }
    }

    private func volatileEffect(of turn: Turn) -> VolatileEffect {
        .applied(turn.lane.conversation(), updateID: turn.updateID)
    }

    /// What ended the conversation came later: it was answered, but is it durable?
    private func overtaken(_ turn: Turn) async throws(ServiceFailure) -> TurnOutcome {
        // Nothing is open, and nothing can open in this lane during this turn: this only asks where the tombstone is.
        let tombstone = try await calls.call(
            StateClear.self, .init(key: turn.lane.conversation(), reason: .expired))
        return TurnOutcome(volatile: tombstone.placement.isDurable ? [] : [volatileEffect(of: turn)])
    }

    private func replayCompleted(_ outcome: JSONValue, _ turn: Turn) async throws(ServiceFailure) -> TurnOutcome {
        // Not the last clearing: others followed, so it was answered.
        guard let id = outcome["machine_id"]?.stringValue else { return try await overtaken(turn) }
        var volatile: [VolatileEffect] = []
        let message: AddMachineMessage
        if let kept = outcome["machine"]?.objectValue, let params = try? LibraryAdd.Params(Parameters(kept)) {
            let added = try await addAgain(params)
            if !added.isDurable { volatile = [.add(params)] }
            message = .saved(Draft(added.machine.details))
        } else {
            do {
                let found = try await calls.call(LibraryGet.self, .init(userID: turn.lane.user, id: id))
                message = .saved(Draft(found.machine.details))
            } catch .refused(let error) where error.code == .notFound {
                message = .alreadySaved
            }
        }
        return try await clear(.completed, turn, outcome: outcome, .addMachine(message), volatile: volatile)
    }

    /// The library may have lost it, and given its name to another machine: both are kept.
    private func addAgain(_ params: LibraryAdd.Params) async throws(ServiceFailure) -> StoredMachine {
        do { return try await calls.call(LibraryAdd.self, params) } catch .refused(let error)
            where error.code == .duplicateNickname && error.suggestion != nil
        {
            var renamed = params
            renamed.details.nickname = error.suggestion ?? params.details.nickname
            return try await calls.call(LibraryAdd.self, renamed)
        }
    }
}
