/// Reads the assignments of a settings file one by one. It accepts any sequence of bytes.
struct EnvironmentFileReader {
    struct Assignment {
        /// The first line of the assignment, from 1.
        var line: Int
        /// Without surrounding blanks; never empty.
        var name: [UInt8]
        var value: [UInt8]
    }

    private static let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    private static let (backslash, equalsSign) = (UInt8(ascii: "\\"), UInt8(ascii: "="))
    private static let (singleQuote, doubleQuote) = (UInt8(ascii: "'"), UInt8(ascii: "\""))
    /// The characters before which a backslash inside double quotes is removed.
    private static let escapable = Set("\"\\`$".utf8)

    private let bytes: [UInt8]
    private let continuesComments: Bool
    private var index = 0
    /// The line of `index`, from 1.
    private var line = 1
    private(set) var warnings: [EnvironmentFileWarning] = []

    init(_ bytes: [UInt8], continuesComments: Bool) {
        self.bytes = bytes
        self.continuesComments = continuesComments
    }

    mutating func warn(_ line: Int, _ kind: EnvironmentFileWarning.Kind) {
        warnings.append(EnvironmentFileWarning(line: line, kind: kind))
    }

    /// The line of the byte at `offset`, from 1.
    func line(of offset: Int) -> Int {
        var reader = EnvironmentFileReader(bytes, continuesComments: false)
        while reader.index < offset { _ = reader.take() }
        return reader.line
    }

    /// The next assignment, even if its name is invalid; nil at the end.
    mutating func next() -> Assignment? {
        while let byte = peek() {
            if Self.isBlank(byte) || Self.isLineEnd(byte) {
                _ = take()
            } else if Self.isCommentSign(byte) {
                skipComment()
            } else if let assignment = assignment() {
                return assignment
            }
        }
        return nil
    }

    // MARK: Parts

    private mutating func skipComment() {
        while let byte = take(), !Self.isLineEnd(byte) {
            guard byte == Self.backslash else { continue }
            let line = line
            guard let escaped = take(), Self.isLineEnd(escaped) else { continue }
            if beginsWithSetting() { warn(line, .commentEndsInBackslash) }
            if !continuesComments { return }
        }
    }

    /// Whether the rest of the line is neither empty nor a comment.
    private func beginsWithSetting() -> Bool {
        guard let first = bytes[index...].first(where: { !Self.isBlank($0) }) else { return false }
        return !Self.isLineEnd(first) && !Self.isCommentSign(first)
    }

    /// Nil for a line without `=`.
    private mutating func assignment() -> Assignment? {
        let first = line
        var name: [UInt8] = []
        while let byte = take(), !Self.isLineEnd(byte) {
            // At the beginning of the line, `=` is part of the name.
            if byte == Self.equalsSign, !name.isEmpty {
                while let last = name.last, Self.isBlank(last) { name.removeLast() }
                return Assignment(line: first, name: name, value: value(of: first))
            }
            name.append(byte)
        }
        let isMarked = name.starts(with: EnvironmentFile.byteOrderMark)
        warn(first, isMarked ? .byteOrderMark : name.first == Self.equalsSign ? .badName : .noEqualsSign)
        return nil
    }

    private mutating func value(of assignmentLine: Int) -> [UInt8] {
        var value: [UInt8] = []
        while let byte = peek() {
            if Self.isBlank(byte) {
                _ = take()
            } else if byte == Self.singleQuote || byte == Self.doubleQuote {
                _ = take()
                guard takeQuoted(until: byte, into: &value) else {
                    warn(assignmentLine, .quoteNotClosed)
                    break
                }
            } else {
                break
            }
        }
        takeUnquoted(into: &value)
        return value
    }

    /// - Returns: whether the quote is closed.
    private mutating func takeQuoted(until quote: UInt8, into value: inout [UInt8]) -> Bool {
        while let byte = take() {
            if byte == quote { return true }
            guard byte == Self.backslash, quote == Self.doubleQuote else {
                value.append(byte)
                continue
            }
            guard let escaped = take() else { return false }
            if escaped == Self.lineFeed { continue }
            if !Self.escapable.contains(escaped) { value.append(byte) }
            value.append(escaped)
        }
        return false
    }

    private mutating func takeUnquoted(into value: inout [UInt8]) {
        // Trailing blanks are removed, except before and after a backslash.
        var kept = value.count
        while let byte = take(), !Self.isLineEnd(byte) {
            if byte == Self.backslash {
                if let escaped = take(), !Self.isLineEnd(escaped) { value.append(escaped) }
                kept = value.count
            } else {
                value.append(byte)
                if !Self.isBlank(byte) { kept = value.count }
            }
        }
        value.removeLast(value.count - kept)
    }

    // MARK: Bytes

    private func peek() -> UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take() -> UInt8? {
        guard let byte = peek() else { return nil }
        let isSecondHalf = byte == Self.lineFeed && index > 0 && bytes[index - 1] == Self.carriageReturn
        if Self.isLineEnd(byte), !isSecondHalf { line += 1 }
        index += 1
        return byte
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == lineFeed || byte == carriageReturn }
    private static func isCommentSign(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";") }
}
