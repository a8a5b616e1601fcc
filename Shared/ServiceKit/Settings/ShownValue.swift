/// Which values of settings may be shown in an error: those that look like a slip of the pen, and not like a secret in the
/// wrong variable, or behind a value.
///
/// A value is shown if it has at most 32 bytes, all of them ASCII letters, digits, blanks and `.,;+-_/`, and if each of its
/// words, between all but letters and digits, has at most 12 letters, or 20 digits (the last three may be letters, a unit),
/// or 8 of both mixed.
///
/// So what has a `:` or an `@` (each URL, each token), a line end, a quote or a long random word is never shown. A password
/// that is as short and plain as a word (`hunter2`) cannot be told from one.
enum ShownValue {
    private static let bytesMax = 32
    private static let (lettersMax, digitsMax, unitMax, mixedMax) = (12, 20, 3, 8)
    private static let signs = Set(" .,;+-_/".utf8)

    /// Nil for what is not to be shown.
    static func text(_ value: String) -> String? {
        let bytes = value.utf8
        guard bytes.count <= bytesMax, bytes.allSatisfy({ isLetter($0) || isDigit($0) || signs.contains($0) }) else {
            return nil
        }
        let words = bytes.split { !isLetter($0) && !isDigit($0) }
        return words.allSatisfy(isPlain) ? value : nil
    }

    private static func isPlain(_ word: Substring.UTF8View) -> Bool {
        if word.allSatisfy(isLetter) { return word.count <= lettersMax }
        if word.allSatisfy(isDigit) { return word.count <= digitsMax }
        let letters = word.reversed().prefix(while: isLetter)
        let isWithUnit = letters.count <= unitMax && word.dropLast(letters.count).allSatisfy(isDigit)
        return word.count <= (isWithUnit ? digitsMax : mixedMax)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
