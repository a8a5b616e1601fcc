/// What the bot says about a photo that belongs to no entry.
public enum PhotoMessage: Sendable, Equatable {
    /// The callback data of the button under an equipment photo.
    public static let saveToLibraryData = "save_to_library"

    /// Offers to begin an entry with the photo.
    case offer

    func reply(in texts: any Texts) -> Reply {
        Reply(
            texts.photoOffer, buttons: [[Reply.Button(label: texts.saveToLibraryButton, data: Self.saveToLibraryData)]])
    }
}
