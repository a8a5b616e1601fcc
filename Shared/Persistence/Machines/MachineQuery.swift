/// A search for words, as an FTS5 query.
struct MachineQuery {
    var words: [String]

    /// Nil when `text` is missing or blank.
    init?(_ text: String?) {
        guard let text, text.contains(where: { !$0.isWhitespace }) else { return nil }
        words = Self.words(of: text)
    }

    /// The words of `text`, split as by the tokenizer of `user_machine_words`: runs of letters, digits, marks and
    /// symbols (which include emoji).
    static func words(of text: String) -> [String] {
        text.unicodeScalars.split { !$0.isPartOfWord }.map { String(String.UnicodeScalarView($0)) }
    }

    /// The FTS5 expression for the machines of `userID`; nil when the query has no word, and so finds nothing.
    func expression(userID: String) -> String? {
        guard !words.isEmpty else { return nil }
        let owner =
            "u"
            + userID.utf8.map { byte in
                let digits = String(byte, radix: 16, uppercase: true)
                return digits.count == 1 ? "0" + digits : digits
            }.joined()
        // Words consist of letters, digits, marks and symbols, so they contain no quote to escape.
        let terms = words.map { "\"\($0)\"*" }.joined(separator: " AND ")
        return "owner : \"\(owner)\" AND {nickname manufacturer model_number serial_number location notes} : (\(terms))"
    }
}

extension Unicode.Scalar {
    /// FTS5's categories L*, N*, Co, Mn and So.
    fileprivate var isPartOfWord: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .privateUse, .nonspacingMark, .otherSymbol:
            true
        default: false
        }
    }
}
