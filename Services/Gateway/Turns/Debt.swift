import Contracts

/// An effect that only memory holds. It is asked for again until a durable tier has it.
enum Debt: Sendable, Equatable {
    case save(StateSave.Params)
    case clear(StateClear.Params)
    case add(LibraryAdd.Params)
    /// The update was applied before this process knew of it.
    case held(ConversationKey, updateID: Int64)

    enum Standing: Sendable, Equatable {
        case paid, owed
        /// Only the lane can tell: the update is to go through it once more.
        case unclear
        /// Memory has lost it too: the update must be handled anew.
        case lost
    }

    var service: ServiceName { if case .add = self { .library } else { .state } }

    /// Asks once more.
    func standing(_ calls: some ServiceCalls) async throws(ServiceFailure) -> Standing {
        switch self {
        case .save(let params):
            do {
                let saved = try await calls.call(StateSave.self, params)
                return saved.placement.isDurable ? .paid : .owed
            } catch .refused(let error) where error.code == .revisionConflict {
                // Either so many updates followed that this one is no longer remembered, or memory was lost.
                guard let updateID = params.updateID else { return .lost }
                return try await Self.held(params.key, updateID, calls)
            }
        case .clear(let params):
            // Asked without looking, it could clear a conversation that began later.
            guard let updateID = params.updateID,
                try await calls.call(StateLoad.self, .init(key: params.key, updateID: updateID)).applied != nil
            else { return .lost }
            return try await calls.call(StateClear.self, params).placement.isDurable ? .paid : .owed
        case .add(let params):
            do {
                return try await calls.call(LibraryAdd.self, params).isDurable ? .paid : .owed
            } catch .refused(let error) where error.code == .duplicateNickname {
                // The library lost it, and the name went to another machine meanwhile.
                return .unclear
            }
        case .held(let key, let updateID):
            return try await Self.held(key, updateID, calls)
        }
    }

    private static func held(
        _ key: ConversationKey, _ updateID: Int64, _ calls: some ServiceCalls
    ) async throws(ServiceFailure) -> Standing {
        let loaded = try await calls.call(StateLoad.self, .init(key: key, updateID: updateID))
        guard loaded.applied != nil else { return .lost }
        // To ask for the tombstone beside the lane could end a conversation that begins right now.
        return loaded.state.map { $0.isDurable ? .paid : .owed } ?? .unclear
    }
}

extension Conversation {
    var isDurable: Bool { storedIn.contains(where: \.isDurable) }
}
