private import Normalization

/// The rules of a nickname: its accepted form, and when two are the same.
public enum Nickname {
    public static let charactersMax = 100
    public static let bytesMax = 16 * 1024
    /// The most bytes of the stored form in UTF-8. The nickname is part of an entry in a PostgreSQL index, which has at
    /// most 2,704 bytes.
    public static let storedBytesMax = 1_000

    /// `text` in its stored form: NFC, trimmed, inner white space folded to single spaces.
    ///
    /// - Throws: `invalidArgument` when that form does not have 2 to 100 characters as a person counts them (extended
    ///   grapheme clusters), has more than 1,000 bytes, or contains control characters.
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

    /// A key that is equal for two nicknames that differ only in case.
    ///
    /// The text is converted to upper case first, so that "ß" equals "SS" and all forms of sigma are equal.
    public static func folded(_ nickname: String) -> String {
        nickname.uppercased().lowercased().normalizedToNFC
    }

    /// `nickname` with a number appended, within the allowed length: `Pump`, 2 -> `Pump (2)`.
    public static func numbered(_ nickname: String, _ number: Int) -> String {
        let suffix = " (\(number))"
        var base = nickname.prefix(charactersMax - suffix.count)
        while base.utf8.count > storedBytesMax - suffix.utf8.count { base.removeLast() }
        // If the cut is after a space, the result would have two spaces, which is not the stored form.
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

    /// Checks the length of `text`, in characters as a person counts them, and that it has no control characters. Notes
    /// may contain line breaks and tabs, with which people format a text.
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
