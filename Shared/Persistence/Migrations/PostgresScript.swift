/// The statements of a PostgreSQL migration, split so that each can be sent alone.
///
/// A statement ends with `;`. If it ends with `\gexec`, it is a query, and each text that it returns is a statement to
/// run in its place, as in psql. The parser knows quotes, dollar quotes and comments; comments are left out.
struct PostgresScript: Equatable {
    struct Step: Equatable {
        var sql: String
        /// Whether the texts that it returns are run as statements.
        var isQuery = false
        /// Whether the migration also counts as done without this step: some engines and some roles cannot run it.
        var isOptional = false
    }

    /// The comments that enclose optional steps.
    static let optionalBegins = "-- Begin of what may be refused."
    static let optionalEnds = "-- End of what may be refused."

    private(set) var steps: [Step] = []

    init(_ text: String) {
        let bytes = Array(text.utf8)
        var current: [UInt8] = []
        var isOptional = false
        var position = 0
        func ends(_ word: String) -> Bool { bytes[position...].starts(with: word.utf8) }
        func skip(_ length: Int) {
            current += bytes[position..<min(position + length, bytes.count)]
            position += length
        }
        func finish(isQuery: Bool) {
            let sql = String(decoding: current, as: UTF8.self).trimmed
            if !sql.isEmpty { steps.append(Step(sql: sql, isQuery: isQuery, isOptional: isOptional)) }
            current = []
        }
        while position < bytes.count {
            if ends("--") {
                let line = bytes[position...].prefix { $0 != UInt8(ascii: "\n") }
                if line.elementsEqual(Self.optionalBegins.utf8) { isOptional = true }
                if line.elementsEqual(Self.optionalEnds.utf8) { isOptional = false }
                position += line.count
            } else if bytes[position] == UInt8(ascii: "'") {
                skip(1 + bytes[(position + 1)...].prefix { $0 != UInt8(ascii: "'") }.count + 1)
            } else if let tag = Self.dollarQuote(bytes[position...]) {
                skip(tag.count)
                while position < bytes.count, !bytes[position...].starts(with: tag) { skip(1) }
                skip(tag.count)
            } else if bytes[position] == UInt8(ascii: ";") {
                position += 1
                finish(isQuery: false)
            } else if ends("\\gexec") {
                position += "\\gexec".utf8.count
                finish(isQuery: true)
            } else {
                skip(1)
            }
        }
        finish(isQuery: false)
    }

    /// `$$` or `$name$` at the beginning of `bytes`; nil if there is none, as in `$1`.
    private static func dollarQuote(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        let dollar = UInt8(ascii: "$")
        guard bytes.first == dollar else { return nil }
        let name = bytes.dropFirst().prefix {
            $0 == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        }
        guard bytes.dropFirst(1 + name.count).first == dollar else { return nil }
        return [dollar] + name + [dollar]
    }
}

extension String {
    /// Without white space at its ends.
    fileprivate var trimmed: String {
        let rest = unicodeScalars.drop { $0.properties.isWhitespace }
        var end = rest.endIndex
        while end > rest.startIndex, rest[rest.index(before: end)].properties.isWhitespace {
            end = rest.index(before: end)
        }
        return String(rest[..<end])
    }
}
