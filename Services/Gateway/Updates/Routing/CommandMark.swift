import TelegramBotAPI

/// Which texts Telegram marks as beginning with a command: "/A-103" and "/3~400V" in part, "/07/2291" and
/// "/dev/ttyUSB0" not at all.
///
/// The rule is that of Telegram's own library (TDLib, `find_bot_commands`): a slash and 1 to 64 ASCII letters,
/// digits or underscores, perhaps "@" and a name of 3 to 32 of them; what follows is neither a letter, a digit, an
/// underscore, a slash nor an angle bracket.
enum CommandMark {
    private static let nameMax = 64
    private static let botNameLengths = 3...32

    /// The marked beginning of `text`; nil if there is none.
    ///
    /// - Parameter entities: the marks that Telegram gives; nil if it gives none, so that the rule decides.
    static func command(of text: String, entities: [MessageEntity]?) -> Substring? {
        // A text that its person marked as code, for example, is no command.
        if let entities, !entities.isEmpty {
            guard entities.contains(where: { $0.type == "bot_command" && $0.offset == 0 }) else { return nil }
        }
        return marked(text)
    }

    private static func marked(_ text: String) -> Substring? {
        let scalars = text.unicodeScalars
        guard scalars.first == "/" else { return nil }
        let nameStart = scalars.index(after: scalars.startIndex)
        var end = scalars[nameStart...].firstIndex { !isNameScalar($0) } ?? scalars.endIndex
        guard (1...nameMax).contains(scalars.distance(from: nameStart, to: end)) else { return nil }
        if end < scalars.endIndex, scalars[end] == "@" {
            let botStart = scalars.index(after: end)
            let botEnd = scalars[botStart...].firstIndex { !isNameScalar($0) } ?? scalars.endIndex
            guard botNameLengths.contains(scalars.distance(from: botStart, to: botEnd)) else { return nil }
            end = botEnd
        }
        guard end < scalars.endIndex else { return text[...] }
        let next = scalars[end]
        let isWord = next.properties.isAlphabetic || next.properties.numericType != nil || next == "_"
        guard !isWord, !["/", "<", ">"].contains(next) else { return nil }
        return text[..<end]
    }

    private static func isNameScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || scalar == "_")
    }
}
