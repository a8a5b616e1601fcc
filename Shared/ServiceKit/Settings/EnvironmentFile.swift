/// The variables in a file of the form that systemd's `EnvironmentFile=` has: `NAME=value` lines, comments after `#` or
/// `;` at the beginning of a line, quotes, and `\` at the end of a line that goes on.
enum EnvironmentFile {
    struct Malformed: Error, Equatable { var line: Int }

    /// - Throws: `Malformed` for a line that is no assignment. Its content is not told: it may be a secret.
    static func parse(_ text: String) throws(Malformed) -> [String: String] {
        var variables: [String: String] = [:]
        var reader = Reader(text)
        while let line = reader.nextAssignment() {
            guard let separator = line.text.firstIndex(of: "=") else { throw Malformed(line: line.number) }
            let name = String(line.text[..<separator]).trimmed
            guard isName(name), let value = value(line.text[line.text.index(after: separator)...]) else {
                throw Malformed(line: line.number)
            }
            variables[name] = value
        }
        return variables
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, !("0"..."9").contains(first) else { return false }
        return name.unicodeScalars.allSatisfy { scalar in
            scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
                || ("0"..."9").contains(scalar)
        }
    }

    /// Without the quotes and escapes; nil when a quote is not closed.
    private static func value(_ text: Substring) -> String? {
        var value = ""
        var trailingSpaces = ""
        var quote: Character?
        var characters = text.drop { $0 == " " || $0 == "\t" }[...]
        while let character = characters.popFirst() {
            switch (quote, character) {
            case (nil, "\""), (nil, "'"):
                value += trailingSpaces
                trailingSpaces = ""
                quote = character
            case (let open?, character) where open == character: quote = nil
            case (nil, " "), (nil, "\t"): trailingSpaces.append(character)
            case (let open, "\\") where open != "'":
                guard let next = characters.popFirst() else { break }
                // Between double quotes a shell keeps the backslash before what needs none.
                if open == "\"", !"\"\\`$".contains(next) { value.append("\\") }
                value += trailingSpaces
                trailingSpaces = ""
                value.append(next)
            default:
                value += trailingSpaces
                trailingSpaces = ""
                value.append(character)
            }
        }
        return quote == nil ? value : nil
    }

    /// Joins what belongs together: lines that end in a backslash, and the lines of a quoted value.
    private struct Reader {
        private var lines: [Substring]
        private var index = 0

        init(_ text: String) { lines = text.split(separator: "\n", omittingEmptySubsequences: false) }

        mutating func nextAssignment() -> (number: Int, text: String)? {
            while index < lines.count {
                let number = index + 1
                var line = next()
                let content = line.drop { $0 == " " || $0 == "\t" }
                if content.isEmpty || content.first == "#" || content.first == ";" { continue }
                while index < lines.count {
                    if line.hasSuffix("\\") {
                        line = String(line.dropLast()) + next()
                    } else if isInQuotes(line) {
                        line += "\n" + next()
                    } else {
                        break
                    }
                }
                return (number, line)
            }
            return nil
        }

        private mutating func next() -> String {
            defer { index += 1 }
            let line = lines[index]
            return String(line.hasSuffix("\r") ? line.dropLast() : line)
        }

        private func isInQuotes(_ line: String) -> Bool {
            var quote: Character?
            var isEscaped = false
            for character in line.drop(while: { $0 != "=" }) {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\", quote != "'" {
                    isEscaped = true
                } else if let open = quote {
                    if character == open { quote = nil }
                } else if character == "\"" || character == "'" {
                    quote = character
                }
            }
            return quote != nil
        }
    }
}
