import Contracts

/// An effect that only memory has. The gateway asks for it again until a durable tier has it.
enum VolatileEffect: Sendable, Equatable {
    case save(StateSave.Params)
    case clear(StateClear.Params)
    case add(LibraryAdd.Params)
    /// The update was applied before this process knew of it.
    case applied(ConversationKey, updateID: Int64)

    enum Status: Sendable, Equatable {
        case durable, volatile
        /// Only the lane can tell: the update must pass through it once more.
        case unclear
        /// Memory has lost it too: the update must be handled again.
        case lost
    }

    var service: ServiceName { if case .add = self { .library } else { .state } }

    /// Asks the service once more.
    func status(_ calls: some ServiceCalls) async throws(ServiceFailure) -> Status {
        switch self {
        case .save(let params):
            do {
                let saved = try await calls.call(StateSave.self, params)
                return saved.placement.isDurable ? .durable : .volatile
            } catch .refused(let error) where error.code == .revisionConflict {
                // Either so many updates followed that this one is no longer remembered, or memory was lost.
                guard let updateID = params.updateID else { return .lost }
                return try await Self.statusOfApplied(params.key, updateID, calls)
            }
        case .clear(let params):
            // Asked without looking, it could clear a conversation that began later.
            guard let updateID = params.updateID,
                try await calls.call(StateLoad.self, .init(key: params.key, updateID: updateID)).applied != nil
            else { return .lost }
            return try await calls.call(StateClear.self, params).placement.isDurable ? .durable : .volatile
        case .add(let params):
            do {
                return try await calls.call(LibraryAdd.self, params).isDurable ? .durable : .volatile
            } catch .refused(let error) where error.code == .duplicateNickname {
                // The library lost it, and the name went to another machine meanwhile.
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
        // To ask for the tombstone beside the lane could end a conversation that begins right now.
        return loaded.state.map { $0.isDurable ? .durable : .volatile } ?? .unclear
    }
}

extension Conversation {
    var isDurable: Bool { storedIn.contains(where: \.isDurable) }
}
