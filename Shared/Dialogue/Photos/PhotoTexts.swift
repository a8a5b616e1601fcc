/// The words of `PhotoMessage`.
public protocol PhotoTexts: Sendable {
    var photoOffer: Markup { get }
    var saveToLibraryButton: String { get }
}
