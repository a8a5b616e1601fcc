/// A search for words, as FTS5 is asked it.
struct MachineQuery {
    var words: [String]

    /// Nil when `text` asks for nothing.
    init?(_ text: String?) {
        guard let text, text.contains(where: { !$0.isWhitespace }) else { return nil }
        words = Self.words(of: text)
    }

    /// The words of `text`, as the tokenizer of `user_machine_words` tells them apart: runs of letters, digits, marks
    /// and pictures.
    static func words(of text: String) -> [String] {
        text.unicodeScalars.split { !$0.isPartOfWord }.map { String(String.UnicodeScalarView($0)) }
    }

    /// The FTS5 expression for the machines of `userID`. Nil when there is no word in the query: nothing is found.
    func expression(userID: String) -> String? {
        guard !words.isEmpty else { return nil }
        let owner =
            "u"
            + userID.utf8.map { byte in
                let digits = String(byte, radix: 16, uppercase: true)
                return digits.count == 1 ? "0" + digits : digits
            }.joined()
        // Words are letters, digits, marks and pictures, so there is no quote to escape in them.
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
