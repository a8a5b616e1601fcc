import Contracts

/// An effect that only memory has. The gateway asks the peer again until a durable tier has it.
enum VolatileEffect: Sendable, Equatable {
    case save(StateSave.Params)
    case clear(StateClear.Params)
    case add(LibraryAdd.Params)
    /// The update was applied. Whether that is durable is read, without repeating a call.
    case applied(ConversationKey, updateID: Int64)

    enum Status: Sendable, Equatable {
        case durable, volatile
        /// Only another turn in the lane can tell: the update must be handled again there.
        case unclear
        /// Memory has lost the effect too: the update must be handled again.
        case lost
    }

    var service: ServiceName { if case .add = self { .library } else { .state } }

    /// Asks the peer for the effect's status. Repeats the call where that is safe.
    func status(_ calls: some ServiceCalls) async throws(ServiceFailure) -> Status {
        switch self {
        case .save(let params):
            do {
                let saved = try await calls.call(StateSave.self, params)
                return saved.placement.isDurable ? .durable : .volatile
            } catch .refused(let error) where error.code == .revisionConflict {
                // Either so many updates followed that the peer no longer remembers this one, or its memory was lost.
                guard let updateID = params.updateID else { return .lost }
                return try await Self.statusOfApplied(params.key, updateID, calls)
            }
        case .clear(let params):
            // Without this check, the call could clear a conversation that began later.
            guard let updateID = params.updateID,
                try await calls.call(StateLoad.self, .init(key: params.key, updateID: updateID)).applied != nil
            else { return .lost }
            return try await calls.call(StateClear.self, params).placement.isDurable ? .durable : .volatile
        case .add(let params):
            do {
                return try await calls.call(LibraryAdd.self, params).isDurable ? .durable : .volatile
            } catch .refused(let error) where error.code == .duplicateNickname {
                // The library lost the machine, and another one has its nickname by now.
                return .unclear
            }
        case .applied(let key, let updateID):
            return try await Self.statusOfApplied(key, updateID, calls)
        }
    }

    private static func statusOfApplied(
        _ key: ConversationKey, _ updateID: Int64, _ calls: some ServiceCalls
    ) async throws(ServiceFailure) -> Status {
        let loaded = try await calls.call(StateLoad.self, .init(key: key, updateID: updateID))
        guard loaded.applied != nil else { return .lost }
        // Asking for the tombstone from outside the lane could clear a conversation that begins right now.
        return loaded.state.map { $0.isDurable ? .durable : .volatile } ?? .unclear
    }
}

extension Conversation {
    var isDurable: Bool { storedIn.contains(where: \.isDurable) }
}
