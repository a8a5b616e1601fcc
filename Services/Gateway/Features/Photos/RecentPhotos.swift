import Contracts

/// The photos for which the bot offered to add a machine, newest last: `state_data` of a conversation of type `photo`.
struct RecentPhotos: Sendable, Equatable {
    static let conversationType = "photo"
    static let step = "offered"
    static let photosMax = 20

    struct Photo: Sendable, Equatable {
        var message: PersonsMessage
        var fileID: String
        /// The caption: a proposal for the nickname.
        var caption: String?
    }

    private(set) var photos: [Photo] = []

    init() {}

    init(_ data: [String: JSONValue]) {
        photos = (data["photos"]?.arrayValue ?? []).compactMap { value in
            guard let messageID = value["message_id"]?.integerValue, let fileID = value["file_id"]?.stringValue else {
                return nil
            }
            return Photo(
                message: PersonsMessage(id: messageID, supergroupID: value["chat_id"]?.integerValue), fileID: fileID,
                caption: value["caption"]?.stringValue)
        }
    }

    var data: [String: JSONValue] {
        [
            "photos": .array(
                photos.map { photo in
                    var members: [String: JSONValue] = [
                        "message_id": .integer(photo.message.id), "file_id": .string(photo.fileID),
                    ]
                    members["chat_id"] = photo.message.supergroupID.map(JSONValue.integer)
                    members["caption"] = photo.caption.map(JSONValue.string)
                    return .object(members)
                })
        ]
    }

    mutating func offered(_ photo: Photo) {
        photos.removeAll { $0.message == photo.message }
        photos.append(photo)
        if photos.count > Self.photosMax { photos.removeFirst(photos.count - Self.photosMax) }
    }

    /// The photo of a message; the newest photo if `message` is nil, because Telegram no longer shows the message.
    func photo(of message: PersonsMessage?) -> Photo? {
        guard let message else { return photos.last }
        return photos.first { $0.message == message }
    }
}
