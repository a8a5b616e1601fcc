import Dialogue
import TelegramBotAPI

extension FeatureRoutes {
    /// The photo is in the message to which the bot's message replies, if Telegram still shows it.
    static let photos = FeatureRoutes(tap: { data, message in
        guard data == PhotoMessage.saveToLibraryData else { return nil }
        let photo = message?.replyTo
        return .saveTapped(photoMessageID: photo?.id, photoFileID: photo?.largestPhoto?.fileID)
    })
}

extension Message {
    /// The photo in the largest size that Telegram offers.
    var largestPhoto: PhotoSize? { photo.max { $0.pixelCount < $1.pixelCount } }
}
