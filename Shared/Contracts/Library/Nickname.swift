private import TextRules

/// Nicknames on the wire, and when two are the same.
public enum Nickname {
    /// `text` in its stored form, by `NicknameRule`.
    ///
    /// - Throws: `invalidArgument` when the rule refuses it.
    public static func normalized(_ text: String, field: String = "nickname") throws(RPCError) -> String {
        do { return try NicknameRule.stored(text) } catch {
            let characters = NicknameRule.characters
            throw .invalidArgument(
                field,
                """
                \(characters.lowerBound) to \(characters.upperBound) characters without control characters or \
                direction overrides, and at most \(NicknameRule.storedBytesMax) bytes of UTF-8
                """)
        }
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
        var base = nickname.prefix(NicknameRule.characters.upperBound - suffix.count)
        while base.utf8.count > NicknameRule.storedBytesMax - suffix.utf8.count { base.removeLast() }
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

    private var rule: FieldRule { self == .notes ? .notes : .line }

    /// Checks `text` by the field's `FieldRule`.
    func checked(_ text: String) throws(RPCError) -> String {
        do { try rule.check(text) } catch {
            throw .invalidArgument(
                rawValue, "at most \(rule.charactersMax) characters without control characters, or null")
        }
        return text
    }
}
