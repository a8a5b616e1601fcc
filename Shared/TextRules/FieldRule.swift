/// What a field of a machine other than the nickname may hold. It is stored as typed.
public struct FieldRule: Sendable, Hashable {
    /// The bound on any field, as UTF-8.
    public static let bytesMax = 16 * 1024

    /// The bound in characters, as a person counts them: extended grapheme clusters.
    public var charactersMax: Int
    /// Whether line breaks and tabs are accepted.
    public var mayHoldLines: Bool

    /// Manufacturer, model, serial number, location.
    public static let line = FieldRule(charactersMax: 500, mayHoldLines: false)
    public static let notes = FieldRule(charactersMax: 2_000, mayHoldLines: true)

    /// Returns if `text` can be stored. An empty text can.
    ///
    /// - Throws: why it cannot.
    public func check(_ text: String) throws(TextRefusal) {
        guard text.utf8.count <= Self.bytesMax else { throw .tooManyBytes }
        for scalar in text.unicodeScalars {
            guard scalar.isControl else { continue }
            if mayHoldLines, ["\n", "\r", "\t"].contains(scalar) { continue }
            throw scalar.properties.isWhitespace && !mayHoldLines ? .severalLines : .controlCharacter
        }
        let count = text.count
        guard count <= charactersMax else { throw .tooLong(characters: count) }
    }
}
