/// The error for a text that is not a bot token: the accepted form, and the likely mistake. It contains no part of the
/// text.
public struct MalformedBotToken: Error, Equatable, CustomStringConvertible {
    /// The likely mistake; nil when there is no guess.
    var slip: Slip?

    enum Slip: String {
        case bot = "this begins with \"bot\", which is a part of the Bot API's URLs and not of the token"
        case url = "this is a URL: the token is the part between \"/bot\" and the next slash"
        case quotes = "this contains quotes"
        case name = "this is the bot's name"
        case blank = "this contains a space or a line break"
    }

    init(_ text: String) {
        func has(_ part: String) -> Bool { text.utf8.contains { part.utf8.contains($0) } }
        let guesses: [(isLikely: Bool, slip: Slip)] = [
            (has("\"'`"), .quotes), (has("/"), .url), (text.hasPrefix("@"), .name), (has(" \t\r\n"), .blank),
            (text.lowercased().hasPrefix("bot"), .bot),
        ]
        slip = guesses.first { $0.isLikely }?.slip
    }

    public var description: String {
        let form =
            "the token that @BotFather gave: digits, a colon, then letters, digits, \"_\" or \"-\", and nothing else"
        return slip.map { "\(form); \($0.rawValue)" } ?? form
    }
}
