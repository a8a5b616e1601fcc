import Contracts

/// Makes people's text harmless for a terminal.
enum TerminalText {
    /// `text` with escapes (`\n`, `\t`, `\u{202E}`) for the characters that a terminal interprets instead of showing.
    ///
    /// These are Unicode's controls, formats (such as the bidirectional ones) and line and paragraph separators. The
    /// joiners stay, since many scripts and emoji need them.
    static func escaped(_ text: String) -> String {
        escaping(text) { scalar in
            switch scalar {
            case "\n": "\\n"
            case "\r": "\\r"
            case "\t": "\\t"
            default: "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            }
        }
    }

    /// `value` as JSON in one line. Writes the same characters as JSON escapes, so the value does not change.
    static func json(_ value: JSONValue) -> String {
        escaping(value.text) { scalar in
            String(scalar).utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
    }

    private static func escaping(_ text: String, _ escape: (Unicode.Scalar) -> String) -> String {
        guard text.unicodeScalars.contains(where: isObeyed) else { return text }
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isObeyed(scalar) {
                output.append(contentsOf: escape(scalar).unicodeScalars)
            } else {
                output.append(scalar)
            }
        }
        return String(output)
    }

    private static func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: scalar != "\u{200C}" && scalar != "\u{200D}"
        default: false
        }
    }
}
