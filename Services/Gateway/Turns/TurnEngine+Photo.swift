import Contracts
import Dialogue
import KillPoints

extension TurnEngine {
    /// A photo belongs to the open entry; without one it is remembered and offered to become one.
    func photo(_ fileID: String, _ turn: Turn) async throws(ServiceFailure) -> TurnAnswer {
        let input = Input.photo(fileID: fileID)
        switch try await standing(turn) {
        case .open, .applied, .unreadable, .answered: return try await run(input, turn)
        case .none:
            var debts: [Debt] = []
            if let messageID = turn.messageID {
                debts = try await remember(.init(messageID: messageID, fileID: fileID), turn)
            }
            return noEffect(TurnAnswer(reply: Dialogue.photoOffer(), repliesToMessage: true, debts: debts), turn)
        }
    }

    func saveTapped(
        _ photoMessageID: Int64?, _ shownFileID: String?, _ turn: Turn
    ) async throws(ServiceFailure) -> TurnAnswer {
        let photos = RecentPhotos(
            try await calls.call(StateLoad.self, .init(key: photoKey(turn))).state?.data ?? [:])
        let fileID = photos.fileID(messageID: photoMessageID) ?? shownFileID
        let hints = await hints(fileID: fileID)
        return try await run(
            .saveToLibrary(fileID: fileID, manufacturerHint: hints.manufacturer, modelHint: hints.model), turn)
    }

    /// What can be read from the photo of a nameplate. Nothing reads it yet.
    private func hints(fileID: String?) async -> (manufacturer: String?, model: String?) { (nil, nil) }

    private func photoKey(_ turn: Turn) -> ConversationKey {
        turn.lane.conversation(RecentPhotos.conversationType)
    }

    private func remember(_ photo: RecentPhotos.Photo, _ turn: Turn) async throws(ServiceFailure) -> [Debt] {
        let loaded = try await calls.call(StateLoad.self, .init(key: photoKey(turn), updateID: turn.updateID))
        if loaded.applied != nil {
            return loaded.state.map { $0.isDurable ? [] : [.held(photoKey(turn), updateID: turn.updateID)] } ?? []
        }
        var photos = RecentPhotos(loaded.state?.data ?? [:])
        photos.offered(photo)
        let params = StateSave.Params(
            key: photoKey(turn), step: RecentPhotos.step, data: photos.data, updateID: turn.updateID,
            settledBefore: settledBefore())
        killPoint("gateway.before-photo")
        let saved = try await calls.call(StateSave.self, params)
        killPoint("gateway.after-photo")
        return saved.placement.isDurable ? [] : [.held(photoKey(turn), updateID: turn.updateID)]
    }
}
