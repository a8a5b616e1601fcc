/// A text that is no bot's token: what is accepted, and a guess at the slip. It has nothing of the text.
public struct MalformedBotToken: Error, Equatable, CustomStringConvertible {
    /// What was probably done; nil when there is no guess.
    var slip: Slip?

    enum Slip: String {
        case bot = "this begins with \"bot\", which belongs to the URLs of the Bot API and not to the token"
        case url = "this is a URL: the token is what stands there between \"/bot\" and the next slash"
        case quotes = "this has quotes in it"
        case name = "this is the bot's name"
        case blank = "this has a blank or a line end in it"
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
