/// A command as a person typed it: `/library@rivet_bot pump`.
struct TypedCommand: Equatable {
    /// In lower case, without the slash.
    var name: String
    /// In lower case, without the "@"; nil if no bot was named.
    var bot: String?
    /// What follows, trimmed.
    var rest: String

    init?(_ text: String) {
        guard text.first == "/" else { return nil }
        let parts = text.dropFirst().split(
            maxSplits: 1, omittingEmptySubsequences: false, whereSeparator: \.isWhitespace)
        let words = (parts.first ?? "").split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = words.first, !name.isEmpty else { return nil }
        self.name = name.lowercased()
        bot = words.count > 1 ? words[1].lowercased() : nil
        let tail = parts.count > 1 ? parts[1].drop(while: \.isWhitespace) : ""
        rest = String(tail.reversed().drop(while: \.isWhitespace).reversed())
    }
}
