private import Normalization

/// What a nickname may be, and when two are the same.
public enum Nickname {
    public static let charactersMax = 100
    public static let bytesMax = 16 * 1024
    /// In its stored form, as UTF-8: an entry of a PostgreSQL index, of which it is a part, has 2,704 bytes at most.
    public static let storedBytesMax = 1_000

    /// `text` in its stored form: NFC, trimmed, inner white space folded to single spaces.
    ///
    /// - Throws: `invalidArgument` when that form has not 2 to 100 characters as a person counts them (extended
    ///   grapheme clusters), has more than 1,000 bytes, or has control characters.
    public static func normalized(_ text: String, field: String = "nickname") throws(RPCError) -> String {
        let accepted =
            "2 to \(charactersMax) characters without control characters, and at most \(storedBytesMax) bytes of UTF-8"
        guard text.utf8.count <= bytesMax else { throw .invalidArgument(field, accepted) }
        let folded = text.split(whereSeparator: \.isWhitespace).joined(separator: " ").normalizedToNFC
        guard (2...charactersMax).contains(folded.count), folded.utf8.count <= storedBytesMax,
            !folded.hasControlCharacters
        else {
            throw .invalidArgument(field, accepted)
        }
        return folded
    }

    /// Equal for two nicknames that are equal ignoring case.
    ///
    /// By way of upper case, so that "ß" meets "SS" and every sigma the others.
    public static func folded(_ nickname: String) -> String {
        nickname.uppercased().lowercased().normalizedToNFC
    }

    /// `nickname` made another by a number, within the length that is allowed: `Pump`, 2 -> `Pump (2)`.
    public static func numbered(_ nickname: String, _ number: Int) -> String {
        let suffix = " (\(number))"
        var base = nickname.prefix(charactersMax - suffix.count)
        while base.utf8.count > storedBytesMax - suffix.utf8.count { base.removeLast() }
        // Cut behind a word, it must not end up with two spaces, which would not be its stored form.
        while base.last?.isWhitespace == true { base.removeLast() }
        return base + suffix
    }
}

/// A field of a machine that a person fills in with text.
public enum MachineField: String, Sendable, CaseIterable {
    case manufacturer
    case modelNumber = "model_number"
    case serialNumber = "serial_number"
    case location
    case notes
    case photoFileID = "photo_file_id"

    public static let bytesMax = 16 * 1024

    public var charactersMax: Int { self == .notes ? 2_000 : 500 }

    /// Checks `text`: its length in characters as a person counts them, and that it has no control characters. Notes
    /// may hold line breaks and tabs, which are how a person sets out a text.
    func checked(_ text: String) throws(RPCError) -> String {
        let allowed: Set<Unicode.Scalar> = self == .notes ? ["\n", "\r", "\t"] : []
        guard text.utf8.count <= Self.bytesMax, text.count <= charactersMax,
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control && !allowed.contains($0) })
        else {
            throw .invalidArgument(rawValue, "at most \(charactersMax) characters without control characters, or null")
        }
        return text
    }
}
