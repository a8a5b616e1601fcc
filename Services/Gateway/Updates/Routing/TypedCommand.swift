import TelegramBotAPI

/// A command as a person typed it: `/library@rivet_bot pump`.
struct TypedCommand: Equatable {
    /// In lower case, without the slash.
    var name: String
    /// In lower case, without the "@"; nil if no bot was named.
    var bot: String?
    /// What follows, without white space around it.
    var rest: String

    /// Nil if Telegram marks no command at the beginning of `text`.
    init?(_ text: String, entities: [MessageEntity]? = nil) {
        guard let command = CommandMark.command(of: text, entities: entities) else { return nil }
        let words = command.dropFirst().split(separator: "@", maxSplits: 1)
        guard let name = words.first else { return nil }
        self.name = name.lowercased()
        bot = words.count > 1 ? words[1].lowercased() : nil
        let tail = text[command.endIndex...].drop(while: \.isWhitespace)
        rest = String(tail.reversed().drop(while: \.isWhitespace).reversed())
    }
}
