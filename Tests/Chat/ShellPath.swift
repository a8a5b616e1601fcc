import Foundation

/// A path as people type it, or drag it into a terminal.
enum ShellPath {
    /// `text` without the quotes or backslashes that a shell would remove, and with the home directory for `~`.
    static func expanded(_ text: String) -> String {
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        // A file name may contain these characters.
        if FileManager.default.fileExists(atPath: trimmed) { return trimmed }
        let path: String
        if trimmed.count >= 2, let quote = trimmed.first, quote == "'" || quote == "\"", trimmed.last == quote {
            path = String(trimmed.dropFirst().dropLast())
        } else {
            path = unescaped(trimmed)
        }
        guard path == "~" || path.hasPrefix("~/") else { return path }
        return NSHomeDirectory() + path.dropFirst()
    }

    private static func unescaped(_ text: String) -> String {
        var path = ""
        var isEscaped = false
        for character in text {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                path.append(character)
                isEscaped = false
            }
        }
        return path
    }
}
