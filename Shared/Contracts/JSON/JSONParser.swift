/// Why some bytes are not JSON that Rivet accepts.
public struct JSONParseError: Error, Equatable, CustomStringConvertible {
    /// What is wrong. It never contains a part of the text.
    public let reason: String
    /// The position of the error, in bytes from the start.
    public let offset: Int

    public var description: String { "\(reason) at byte \(offset)" }
}

extension JSONValue {
    /// The greatest depth of nesting that is accepted.
    public static let depthMax = 64

    /// Parses one JSON value (RFC 8259), with only white space around it.
    ///
    /// Stricter where the RFC leaves a choice: the bytes must be valid UTF-8, an object must not repeat a name, a `\u`
    /// escape must give a character, and nesting ends at `depthMax`.
    public init<Bytes: Collection<UInt8>>(parsing bytes: Bytes) throws(JSONParseError) {
        let attempt: Result<JSONValue, JSONParseError>? = bytes.withContiguousStorageIfAvailable { buffer in
            Result { () throws(JSONParseError) in
                var parser = JSONParser(bytes: buffer)
                return try parser.parseDocument()
            }
        }
        if let attempt {
            self = try attempt.get()
        } else {
            self = try JSONValue(parsing: Array(bytes))
        }
    }

    /// Parses the UTF-8 of `text`, as `init(parsing:)` does.
    public init(parsing text: String) throws(JSONParseError) {
        self = try JSONValue(parsing: Array(text.utf8))
    }

    /// Parses `text` from another program, and repairs it to JSON that both databases can store: `NaN`, `Infinity` and
    /// numbers that `DecimalNumber` refuses become null, lone surrogates and U+0000 become U+FFFD, control characters
    /// in strings stay, and the last member with a repeated name counts.
    public init(repairing text: String) throws(JSONParseError) {
        self = try Array(text.utf8).withUnsafeBufferPointer { buffer in
            Result { () throws(JSONParseError) in
                var parser = JSONParser(bytes: buffer, isRepairing: true)
                return try parser.parseDocument()
            }
        }.get()
    }
}

private struct JSONParser {
    let bytes: UnsafeBufferPointer<UInt8>
    /// Whether text from another program is repaired.
    var isRepairing = false
    var position = 0

    mutating func parseDocument() throws(JSONParseError) -> JSONValue {
        let value = try parseValue(depth: 1)
        skipWhiteSpace()
        guard position == bytes.count else { throw failure("unexpected text after the value") }
        return value
    }

    private mutating func parseValue(depth: Int) throws(JSONParseError) -> JSONValue {
        guard depth <= JSONValue.depthMax else { throw failure("nesting deeper than \(JSONValue.depthMax)") }
        skipWhiteSpace()
        guard let byte = peek() else { throw failure("unexpected end") }
        switch byte {
        case UInt8(ascii: "{"): return try parseObject(depth: depth)
        case UInt8(ascii: "["): return try parseArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try parseString())
        case UInt8(ascii: "t"): return try parseWord("true", .bool(true))
        case UInt8(ascii: "f"): return try parseWord("false", .bool(false))
        case UInt8(ascii: "n"): return try parseWord("null", .null)
        case UInt8(ascii: "N") where isRepairing: return try parseWord("NaN", .null)
        case UInt8(ascii: "I") where isRepairing: return try parseWord("Infinity", .null)
        case UInt8(ascii: "-") where isRepairing && isBeforeInfinity: return try parseWord("-Infinity", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try parseNumber()
        default: throw failure("unexpected character")
        }
    }

    private mutating func parseObject(depth: Int) throws(JSONParseError) -> JSONValue {
        position += 1
        var members: [String: JSONValue] = [:]
        skipWhiteSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipWhiteSpace()
            guard peek() == UInt8(ascii: "\"") else { throw failure("expected a member name") }
            let name = try parseString()
            skipWhiteSpace()
            guard take(UInt8(ascii: ":")) else { throw failure("expected a colon") }
            let value = try parseValue(depth: depth + 1)
            let isRepeated = members.updateValue(value, forKey: name) != nil
            guard !isRepeated || isRepairing else { throw failure("member name repeated") }
            skipWhiteSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "}")) { return .object(members) }
            throw failure("expected a comma or a closing brace")
        }
    }

    private mutating func parseArray(depth: Int) throws(JSONParseError) -> JSONValue {
        position += 1
        var elements: [JSONValue] = []
        skipWhiteSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try parseValue(depth: depth + 1))
            skipWhiteSpace()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "]")) { return .array(elements) }
            throw failure("expected a comma or a closing bracket")
        }
    }

    private mutating func parseWord(_ word: StaticString, _ value: JSONValue) throws(JSONParseError) -> JSONValue {
        for index in 0..<word.utf8CodeUnitCount {
            guard peek() == word.utf8Start[index] else { throw failure("unexpected character") }
            position += 1
        }
        return value
    }

    private mutating func parseNumber() throws(JSONParseError) -> JSONValue {
        let start = position
        var isInteger = true
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try skipDigits() }
        if take(UInt8(ascii: ".")) {
            isInteger = false
            try skipDigits()
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try skipDigits()
        }
        let spelling = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, spelling != "-0", let value = Int64(spelling) { return .integer(value) }
        return isRepairing && !DecimalNumber(spelling).isStorable ? .null : .decimal(spelling)
    }

    private var isBeforeInfinity: Bool { position + 1 < bytes.count && bytes[position + 1] == UInt8(ascii: "I") }

    private mutating func skipDigits() throws(JSONParseError) {
        let start = position
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw failure("expected a digit") }
    }

    private mutating func parseString() throws(JSONParseError) -> String {
        position += 1
        let start = position
        while let byte = peek() {
            if byte == UInt8(ascii: "\"") {
                let string = try decode(bytes[start..<position])
                position += 1
                return string
            }
            // `parseEscapedString` also repairs control characters.
            if byte == UInt8(ascii: "\\") || (isRepairing && byte < 0x20) { return try parseEscapedString(from: start) }
            guard byte >= 0x20 else { throw failure("control character in a string") }
            position += 1
        }
        throw failure("unterminated string")
    }

    /// U+FFFD in UTF-8.
    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    /// Parses the rest of a string whose first escape is at `position`.
    private mutating func parseEscapedString(from start: Int) throws(JSONParseError) -> String {
        var content = Array(bytes[start..<position])
        while let byte = peek() {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try content.withUnsafeBufferPointer(decodeResult).get()
            case UInt8(ascii: "\\"): try parseEscape(into: &content)
            case 0 where isRepairing: content.append(contentsOf: Self.replacement)
            case 0..<0x20 where !isRepairing: throw failure("control character in a string")
            default: content.append(byte)
            }
        }
        throw failure("unterminated string")
    }

    private mutating func parseEscape(into content: inout [UInt8]) throws(JSONParseError) {
        guard let byte = peek() else { throw failure("unterminated string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content.append(contentsOf: String(Character(try parseUnicodeEscape())).utf8)
        default: throw failure("unknown escape")
        }
    }

    private mutating func parseUnicodeEscape() throws(JSONParseError) -> Unicode.Scalar {
        let unit = try parseHexDigits()
        if unit == 0, isRepairing { return "\u{FFFD}" }
        guard (0xD800...0xDFFF).contains(unit) else {
            guard let scalar = Unicode.Scalar(unit) else { throw failure("escape that is no character") }
            return scalar
        }
        let behind = position
        if unit < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let low = try parseHexDigits()
            if (0xDC00...0xDFFF).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
            {
                return scalar
            }
        }
        guard isRepairing else { throw failure("lone surrogate") }
        // Only the surrogate is replaced; the text after it is parsed as usual.
        position = behind
        return "\u{FFFD}"
    }

    private mutating func parseHexDigits() throws(JSONParseError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("expected four hexadecimal digits")
            }
            position += 1
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private func decode(_ slice: Slice<UnsafeBufferPointer<UInt8>>) throws(JSONParseError) -> String {
        try decodeResult(UnsafeBufferPointer(rebasing: slice)).get()
    }

    private func decodeResult(_ slice: UnsafeBufferPointer<UInt8>) -> Result<String, JSONParseError> {
        guard let string = String(validating: slice, as: UTF8.self) else { return .failure(failure("invalid UTF-8")) }
        return .success(string)
    }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipWhiteSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func failure(_ reason: String) -> JSONParseError { JSONParseError(reason: reason, offset: position) }
}
