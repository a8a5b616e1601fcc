import Contracts
import Dialogue

extension TurnEngine {
    /// The outcome of an update that was applied before, by this process or by an earlier one.
    ///
    /// If a later update of the lane was applied too, the reply to this one was sent or stored already, because a lane
    /// handles its next update only after that. Then there is nothing to say.
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
                message: AddMachine.replay(open.entry, kept: earlier, input),
                lastMessageID: open.lastMessageID(for: turn),
                volatile: outcome.volatile)
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

    /// The outcome if a later update ended the conversation: this one has its reply, but may not be durable yet.
    private func overtaken(_ turn: Turn) async throws(ServiceFailure) -> TurnOutcome {
        // No conversation is open, and none can open in this lane during this turn. So this only asks which tiers have
        // the tombstone.
        let tombstone = try await calls.call(
            StateClear.self, .init(key: turn.lane.conversation(), reason: .expired))
        return TurnOutcome(volatile: tombstone.placement.isDurable ? [] : [volatileEffect(of: turn)])
    }

    private func replayCompleted(_ outcome: JSONValue, _ turn: Turn) async throws(ServiceFailure) -> TurnOutcome {
        // Without an id, this is not the last clearing. Others followed it, so the update has its reply.
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

    /// Adds a machine that the library may have lost. If another one has its nickname by now, both are kept.
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
