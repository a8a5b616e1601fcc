import CLibpq

/// A database URL or a `key=value` string, parsed and checked before it is used.
///
/// It accepts what libpq accepts, and refuses likely mistakes: a value of two lines, an unencoded password, or other
/// text that would be sent to a server as the name of a database.
struct ConnectionString {
    /// The options of libpq that it contains. If one occurs twice, the last counts.
    private(set) var values: [String: String] = [:]
    /// Options of other clients that were ignored.
    private(set) var ignored: [String] = []

    init(_ text: String) throws(DatabaseURLError) {
        try Self.checkShape(text)
        let options: [Option]
        let cleaned: String
        if Self.schemes.contains(where: text.hasPrefix) {
            guard !text.unicodeScalars.contains(where: { $0.properties.isWhitespace }) else { throw .blank }
            let url = try DatabaseURL(text)
            options = url.options
            ignored = url.ignored
            cleaned = url.text
        } else if text.utf8.contains(UInt8(ascii: "=")) {
            let list = try KeyValueList(text)
            options = list.options
            ignored = list.ignored
            cleaned = list.text
        } else {
            throw .scheme
        }
        for option in options { values[option.name] = option.value }
        values = values.filter { !$0.value.isEmpty || DatabaseOptions.hasWords($0.key) }
        try Self.checkText(values)
        try DatabaseOptions.check(values)
        guard Self.isReadAlike(cleaned, values) else { throw .syntax }
    }

    /// One `name=value`, without escapes and quotes.
    struct Option {
        var name: String
        var value: String
    }

    static let schemes = ["postgresql://", "postgres://"]

    // MARK: - Common mistakes

    /// Refuses texts that people paste instead of a URL.
    private static func checkShape(_ text: String) throws(DatabaseURLError) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x0A...0x0D, 0x85, 0x2028, 0x2029: throw .lineEnd
            case 0..<0x20, 0x7F..<0xA0: throw .controlCharacter
            default: break
            }
        }
        let start = text.lowercased()
        if start.hasPrefix("psql ") || start.hasPrefix("pgpassword=") { throw .commandLine }
        let quotes: Set<Character> = ["\"", "'", "`", "\u{201C}", "\u{201D}", "\u{201E}", "\u{2018}", "\u{2019}"]
        if let first = text.first, quotes.contains(first) { throw .quotes }
        if start.hasPrefix("jdbc:") { throw .jdbc }
        for placeholder in ["[your-password]", "[your-db-password]", "[password]", "<password>", "<your-password>"]
        where start.contains(placeholder) { throw .placeholder }
        // The text before the first "://", if there is one near the beginning.
        let name = start.prefix { $0.isLetter || $0.isNumber || "+._-".contains($0) }
        let rest = start.dropFirst(name.count)
        if rest.hasPrefix("://") {
            if name.hasPrefix("postgres+") || name.hasPrefix("postgresql+") { throw .driver }
            if !schemes.contains(where: text.hasPrefix) { throw .scheme }
        } else if start.hasPrefix("export ") || !DatabaseOptions.known.contains(String(name)),
            start.hasPrefix("export ") || ["=postgres:", "=postgresql:", "=\"", "='"].contains(where: rest.hasPrefix)
        {
            throw .assignment
        }
    }

    // MARK: - Values

    /// Values that are sent, shown or looked up must have no control character, and a database's name must not be a
    /// connection string itself.
    private static func checkText(_ values: [String: String]) throws(DatabaseURLError) {
        for (name, value) in values where !DatabaseOptions.secret.contains(name) {
            guard !value.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                throw .controlCharacter
            }
        }
        if let database = values["dbname"], database.contains("=") || database.contains("://") { throw .database }
        if let user = values["user"], user.contains("://") { throw .credentials }
    }

    /// Whether libpq reads the same options from the text.
    private static func isReadAlike(_ text: String, _ values: [String: String]) -> Bool {
        guard let options = PQconninfoParse(text, nil) else { return false }
        defer { PQconninfoFree(options) }
        var theirs: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val, value.pointee != 0 {
                theirs[String(cString: keyword)] = String(cString: value)
            }
            option += 1
        }
        return theirs == values.filter { !$0.value.isEmpty }
    }
}

extension ConnectionString {
    /// Decides how to treat an option, by its name.
    ///
    /// - Parameters:
    ///   - position: the position of the option, from 1.
    ///   - mayBeSecret: whether the name may be a part of an unencoded password.
    /// - Returns: true for an option of libpq; false for one that is ignored.
    /// - Throws: for any other option.
    static func isTaken(_ name: String, position: Int, mayBeSecret: Bool) throws(DatabaseURLError) -> Bool {
        if DatabaseOptions.known.contains(name) { return true }
        if DatabaseOptions.ignored.contains(name.lowercased()) { return false }
        if let refusal = DatabaseOptions.refusal(ofSecurityOption: name) { throw refusal }
        let isName =
            !name.isEmpty && name.utf8.count <= 63
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
        guard isName, !mayBeSecret else { throw DatabaseOptions.refusal(ofUnknownAt: position) }
        throw DatabaseOptions.refusal(ofUnknown: name)
    }
}
