import Contracts
import Dialogue
import KillPoints

extension TurnEngine {
    /// Adds a photo to the open entry. Without one, the photo is stored, and the bot offers to begin an entry with it.
    func photo(_ fileID: String, _ caption: Input?, _ turn: Turn) async throws(ServiceFailure) -> TurnOutcome {
        let input = Input.photo(fileID: fileID, caption: caption)
        switch try await status(turn) {
        case .open, .applied, .unreadable, .answered: return try await run(input, turn)
        case .none where caption.map { !$0.isAnswer } == true: return try await run(input, turn)
        case .none:
            var volatile: [VolatileEffect] = []
            if let message = turn.personsMessage {
                volatile = try await store(.init(message: message, fileID: fileID, caption: caption?.answer), turn)
            }
            return noEffect(TurnOutcome(message: .photo(.offer), repliesToMessage: true, volatile: volatile), turn)
        }
    }

    func saveTapped(_ shownFileID: String?, _ turn: Turn) async throws(ServiceFailure) -> TurnOutcome {
        let photos = RecentPhotos(
            try await calls.call(StateLoad.self, .init(key: photoKey(turn))).state?.data ?? [:])
        let photo = photos.photo(of: turn.personsMessage)
        let fileID = photo?.fileID ?? shownFileID
        let hints = await hints(fileID: fileID)
        return try await run(
            .begin(
                Draft(
                    photoFileID: fileID, nicknameHint: photo?.caption, manufacturerHint: hints.manufacturer,
                    modelHint: hints.model)), turn)
    }

    /// What can be read from a photo of a nameplate. No reader exists yet.
    private func hints(fileID: String?) async -> (manufacturer: String?, model: String?) { (nil, nil) }

    private func photoKey(_ turn: Turn) -> ConversationKey {
        turn.lane.conversation(RecentPhotos.conversationType)
    }

    private func store(_ photo: RecentPhotos.Photo, _ turn: Turn) async throws(ServiceFailure) -> [VolatileEffect] {
        let loaded = try await calls.call(StateLoad.self, .init(key: photoKey(turn), updateID: turn.updateID))
        if loaded.applied != nil {
            return loaded.state.map { $0.isDurable ? [] : [.applied(photoKey(turn), updateID: turn.updateID)] } ?? []
        }
        var photos = RecentPhotos(loaded.state?.data ?? [:])
        photos.offered(photo)
        let params = StateSave.Params(
            key: photoKey(turn), step: RecentPhotos.step, data: photos.data, updateID: turn.updateID,
            settledBefore: settledBefore())
        killPoint("gateway.before-photo")
        let saved = try await calls.call(StateSave.self, params)
        killPoint("gateway.after-photo")
        return saved.placement.isDurable ? [] : [.applied(photoKey(turn), updateID: turn.updateID)]
    }
}
