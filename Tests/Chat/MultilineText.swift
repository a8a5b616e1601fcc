/// A text of several lines, typed line by line: a `\` at the end of a line means that the next one belongs to it.
///
/// Two of them at the end of a line are one `\`, and end the text.
struct MultilineText {
    private var lines: [String] = []

    /// Whether the text continues after `line`.
    static func goesOn(_ line: String) -> Bool { line.hasSuffix("\\") && !line.hasSuffix("\\\\") }

    /// - Returns: the whole text if `line` ends it.
    mutating func add(_ line: String) -> String? {
        lines.append(line.hasSuffix("\\") ? String(line.dropLast()) : line)
        return Self.goesOn(line) ? nil : end()
    }

    /// The text typed so far, if no line follows; nil if nothing was typed.
    mutating func end() -> String? {
        defer { lines = [] }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }
}
