/// libpq's other form: `name=value name='a value'`, with `\` before an apostrophe or a backslash.
struct KeyValueList {
    /// The options without quotes, in order.
    private(set) var options: [ConnectionString.Option] = []
    private(set) var ignored: [String] = []
    /// The list without the ignored options.
    private(set) var text = ""

    private var rest: ArraySlice<UInt8>
    private var hasPassword = false

    /// - Parameter list: must have no control characters; the only white space is the blank.
    init(_ list: String) throws(DatabaseURLError) {
        rest = Array(list.utf8)[...]
        var position = 1
        // A word before the first option that libpq knows may be a bare password, and a word after a password may be a
        // part of it.
        var mayBeSecret = true
        while try readOption(position, &mayBeSecret) { position += 1 }
        // If nothing was ignored, the text stays unchanged, so that libpq's reading of it can be compared with ours.
        text = ignored.isEmpty ? list : options.map { "\($0.name)='\(Self.escaped($0.value))'" }.joined(separator: " ")
    }

    private mutating func skipBlanks() { rest = rest.drop { $0 == UInt8(ascii: " ") } }

    /// - Returns: false at the end.
    private mutating func readOption(_ position: Int, _ mayBeSecret: inout Bool) throws(DatabaseURLError) -> Bool {
        skipBlanks()
        if rest.isEmpty { return false }
        let name = rest.prefix { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: " ") }
        rest = rest[name.endIndex...]
        skipBlanks()
        guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "=") else { throw .syntax }
        skipBlanks()
        let value = rest.first == UInt8(ascii: "'") ? try quotedValue() : try plainValue()
        let keyword = String(decoding: name, as: UTF8.self)
        guard try ConnectionString.isTaken(keyword, position: position, mayBeSecret: mayBeSecret) else {
            ignored.append(keyword)
            return true
        }
        options.append(.init(name: keyword, value: value))
        hasPassword = hasPassword || DatabaseOptions.secret.contains(keyword)
        mayBeSecret = hasPassword
        return true
    }

    private mutating func plainValue() throws(DatabaseURLError) -> String {
        var value: [UInt8] = []
        while let byte = rest.first, byte != UInt8(ascii: " ") {
            rest.removeFirst()
            guard byte == UInt8(ascii: "\\") else {
                value.append(byte)
                continue
            }
            if let escaped = rest.popFirst() { value.append(escaped) }
        }
        return String(decoding: value, as: UTF8.self)
    }

    private mutating func quotedValue() throws(DatabaseURLError) -> String {
        var value: [UInt8] = []
        rest.removeFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "'"): return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "\\"): if let escaped = rest.popFirst() { value.append(escaped) }
            default: value.append(byte)
            }
        }
        // The quote is not closed.
        throw .syntax
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            if character == "'" || character == "\\" { text.append("\\") }
            text.append(character)
        }
    }
}
