/// What a nickname may be, and the form in which it is stored. The bot and the library apply this one rule.
public enum NicknameRule {
    /// The length in characters, as a person counts them: extended grapheme clusters.
    public static let characters = 2...100
    /// The bound on the text as typed, as UTF-8.
    public static let bytesMax = 16 * 1024
    /// The bound on the stored form, as UTF-8. It is a part of an entry of a PostgreSQL index, which has 2,704 bytes at
    /// most.
    public static let storedBytesMax = 1_000

    /// The stored form of `typed`: no invisible characters, no outer white space, each run of inner white space one
    /// space, and NFC. The stored form of a stored form is the same.
    public static func stored(_ typed: String) throws(TextRefusal) -> String {
        guard typed.utf8.count <= bytesMax else { throw .tooManyBytes }
        guard !typed.unicodeScalars.contains(where: \.overridesDirection) else { throw .directionOverride }
        let text = normalized(typed)
        guard text.utf8.count <= storedBytesMax else { throw .tooManyBytes }
        guard text.unicodeScalars.contains(where: \.isVisible) else { throw .blank }
        guard !text.unicodeScalars.contains(where: \.isControl) else { throw .controlCharacter }
        let count = text.count
        guard count >= characters.lowerBound else { throw .tooShort }
        guard count <= characters.upperBound else { throw .tooLong(characters: count) }
        return text
    }

    /// The stored form, without a check of its length or characters.
    public static func normalized(_ typed: String) -> String {
        var folded = String.UnicodeScalarView()
        var isSpaceDue = false
        for scalar in VisibleScalars.of(typed) {
            if scalar.properties.isWhitespace {
                isSpaceDue = !folded.isEmpty
            } else {
                if isSpaceDue { folded.append(" ") }
                isSpaceDue = false
                folded.append(scalar)
            }
        }
        return String(folded).normalizedToNFC
    }
}
