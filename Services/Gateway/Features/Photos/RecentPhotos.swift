import Contracts

/// The photos for which the bot offered to add a machine, newest last: `state_data` of a conversation of type `photo`.
struct RecentPhotos: Sendable, Equatable {
    static let conversationType = "photo"
    static let step = "offered"
    static let photosMax = 20

    struct Photo: Sendable, Equatable {
        var messageID: Int64
        var fileID: String
    }

    private(set) var photos: [Photo] = []

    init() {}

    init(_ data: [String: JSONValue]) {
        photos = (data["photos"]?.arrayValue ?? []).compactMap { value in
            guard let messageID = value["message_id"]?.integerValue, let fileID = value["file_id"]?.stringValue else {
                return nil
            }
            return Photo(messageID: messageID, fileID: fileID)
        }
    }

    var data: [String: JSONValue] {
        [
            "photos": .array(
                photos.map { ["message_id": .integer($0.messageID), "file_id": .string($0.fileID)] })
        ]
    }

    mutating func offered(_ photo: Photo) {
        photos.removeAll { $0.messageID == photo.messageID }
        photos.append(photo)
        if photos.count > Self.photosMax { photos.removeFirst(photos.count - Self.photosMax) }
    }

    /// The photo of a message; the newest photo if `messageID` is nil, because Telegram no longer shows the message.
    func fileID(messageID: Int64?) -> String? {
        guard let messageID else { return photos.last?.fileID }
        return photos.first { $0.messageID == messageID }?.fileID
    }
}
