/// Why a text cannot be stored as a nickname or a field of a machine.
public enum TextRefusal: Error, Sendable, Hashable {
    /// It has no visible character.
    case blank
    case tooShort
    case tooLong(characters: Int)
    case tooManyBytes
    /// A line break or a tab, in a field of one line.
    case severalLines
    case controlCharacter
    /// U+202D or U+202E in a nickname. The text after it would be shown in another order than it is stored, so two
    /// names that look alike could differ.
    case directionOverride
}
