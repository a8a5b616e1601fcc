/// A text of several lines, typed line by line: a `\` at the end of a line says that the next one belongs to it.
///
/// Two of them at the end of a line are one `\`, and the text ends.
struct MultilineText {
    private var lines: [String] = []

    /// Whether the text goes on after `line`.
    static func goesOn(_ line: String) -> Bool { line.hasSuffix("\\") && !line.hasSuffix("\\\\") }

    /// - Returns: the whole text when `line` ends it.
    mutating func add(_ line: String) -> String? {
        lines.append(line.hasSuffix("\\") ? String(line.dropLast()) : line)
        return Self.goesOn(line) ? nil : end()
    }

    /// What was typed until now, when nothing follows; nil when that is nothing.
    mutating func end() -> String? {
        defer { lines = [] }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }
}
