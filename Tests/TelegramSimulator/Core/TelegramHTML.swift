/// Telegram's HTML parse mode, with its error messages. Unlike Telegram it does not know `<tg-emoji>`, and it keeps
/// entities inside `pre` and `code`, which Telegram's documentation rules out.
///
/// A `&` that begins no known entity stays as it is; a `<` always begins a tag.
struct TelegramHTML {
    private struct OpenTag {
        let name: String
        let argument: String?
        let offsetUTF16: Int
    }

    private static let supportedTags: Set<String> = [
        "a", "b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "tg-spoiler", "span",
        "blockquote",
    ]

    private let bytes: [UInt8]
    private var position = 0
    private var output: [UInt8] = []
    private var outputUTF16 = 0
    private var openTags: [OpenTag] = []
    private var entities: [BotMessage.Entity] = []

    private init(_ source: String) { bytes = Array(source.utf8) }

    /// The text and the entities of `source`.
    /// - Throws: `APIError` 400, "can't parse entities: …".
    static func parse(_ source: String) throws(APIError) -> FormattedText {
        var parser = TelegramHTML(source)
        return try parser.parseAll()
    }

    private mutating func parseAll() throws(APIError) -> FormattedText {
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "&"): appendCharacterReference()
            case UInt8(ascii: "<"): try parseTag()
            default:
                append(byte)
                position += 1
            }
        }
        if let tag = openTags.last {
            throw failure("Can't find end tag corresponding to start tag \"\(tag.name)\"")
        }
        let sorted = entities.sorted { ($0.offset, -$0.length) < ($1.offset, -$1.length) }
        return FormattedText(text: String(decoding: output, as: UTF8.self), entities: sorted)
    }

    private mutating func parseTag() throws(APIError) {
        let start = position
        position += 1
        if peek() == UInt8(ascii: "/") { try parseEndTag(from: start) } else { try parseStartTag(from: start) }
    }

    private mutating func parseStartTag(from start: Int) throws(APIError) {
        let name = take { !Self.isSpace($0) && $0 != UInt8(ascii: ">") }.lowercased()
        guard peek() != nil else { throw failure("Unclosed start tag at byte offset \(start)") }
        guard Self.supportedTags.contains(name) else {
            throw failure("Unsupported start tag \"\(name)\" at byte offset \(start)")
        }
        var argument: String?
        while true {
            _ = take(while: Self.isSpace)
            guard let byte = peek() else {
                throw failure("Unclosed start tag \"\(name)\" at byte offset \(start)")
            }
            if byte == UInt8(ascii: ">") { break }
            let (attribute, value) = try parseAttribute(of: name, from: start)
            switch (name, attribute) {
            case ("a", "href"): argument = value
            case ("code", "class") where value.hasPrefix("language-"): argument = String(value.dropFirst(9))
            case ("span", "class") where value.hasPrefix("tg-"): argument = String(value.dropFirst(3))
            case ("blockquote", "expandable"): argument = "expandable"
            default: break
            }
        }
        position += 1
        if name == "span", argument != "spoiler" {
            throw failure("Tag \"span\" must have class \"tg-spoiler\" at byte offset \(start)")
        }
        openTags.append(OpenTag(name: name, argument: argument, offsetUTF16: outputUTF16))
    }

    private mutating func parseAttribute(
        of tag: String, from start: Int
    ) throws(APIError) -> (name: String, value: String) {
        let name = take { !Self.isSpace($0) && $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ">") }.lowercased()
        guard !name.isEmpty else {
            throw failure("Empty attribute name in the tag \"\(tag)\" at byte offset \(start)")
        }
        _ = take(while: Self.isSpace)
        guard peek() == UInt8(ascii: "=") else {
            if tag == "blockquote", name == "expandable" { return (name, "") }
            throw failure(
                "Expected equal sign in declaration of an attribute of the tag \"\(tag)\" at byte offset \(start)")
        }
        position += 1
        _ = take(while: Self.isSpace)
        guard let quote = peek() else {
            throw failure("Unclosed start tag \"\(tag)\" at byte offset \(start)")
        }
        guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            let tokenStart = position
            let value = take { Self.isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
            guard let next = peek(), Self.isSpace(next) || next == UInt8(ascii: ">") else {
                throw failure("Unexpected end of name token at byte offset \(tokenStart)")
            }
            return (name, value.lowercased())
        }
        position += 1
        var value: [UInt8] = []
        while let byte = peek(), byte != quote {
            if byte == UInt8(ascii: "&"), let reference = characterReference() {
                value.append(contentsOf: String(reference).utf8)
            } else {
                value.append(byte)
                position += 1
            }
        }
        guard peek() != nil else { throw failure("Unclosed start tag \"\(tag)\" at byte offset \(start)") }
        position += 1
        return (name, String(decoding: value, as: UTF8.self))
    }

    private mutating func parseEndTag(from start: Int) throws(APIError) {
        position += 1
        guard let tag = openTags.popLast() else { throw failure("Unexpected end tag at byte offset \(start)") }
        let name = take { !Self.isSpace($0) && $0 != UInt8(ascii: ">") }.lowercased()
        _ = take(while: Self.isSpace)
        guard peek() == UInt8(ascii: ">") else { throw failure("Unclosed end tag at byte offset \(start)") }
        guard name.isEmpty || name == tag.name else {
            throw failure(
                "Unmatched end tag at byte offset \(start), expected \"</\(tag.name)>\", found \"</\(name)>\"")
        }
        position += 1
        close(tag)
    }

    private mutating func close(_ tag: OpenTag) {
        let length = outputUTF16 - tag.offsetUTF16
        guard length > 0 else { return }
        var entity = BotMessage.Entity(kind: "", offset: tag.offsetUTF16, length: length)
        switch tag.name {
        case "b", "strong": entity.kind = "bold"
        case "i", "em": entity.kind = "italic"
        case "u", "ins": entity.kind = "underline"
        case "s", "strike", "del": entity.kind = "strikethrough"
        case "tg-spoiler", "span": entity.kind = "spoiler"
        case "blockquote": entity.kind = tag.argument == nil ? "blockquote" : "expandable_blockquote"
        case "code":
            entity.kind = "code"
            entity.language = openTags.last?.name == "pre" ? tag.argument : nil
        case "pre":
            entity.kind = "pre"
            // `<pre><code class="language-x">…</code></pre>` is one block in that language.
            if let code = entities.last, code.kind == "code", code.offset == entity.offset, code.length == length {
                entity.language = code.language
                entities.removeLast()
            }
        default:
            entity.kind = "text_link"
            // A link whose address Telegram cannot use stays plain text.
            guard let url = tag.argument, url.contains(".") || url.contains("://") else { return }
            entity.url = url
        }
        entities.append(entity)
    }

    private mutating func appendCharacterReference() {
        if let scalar = characterReference() {
            for byte in String(scalar).utf8 { append(byte) }
        } else {
            append(UInt8(ascii: "&"))
            position += 1
        }
    }

    /// Reads `&lt;`, `&#60;`, `&#x3C;`, … at `position`; advances only if Telegram knows the reference.
    private mutating func characterReference() -> Character? {
        let named: [(String, Character)] = [("lt", "<"), ("gt", ">"), ("amp", "&"), ("quot", "\"")]
        let rest = bytes[(position + 1)...]
        var consumed = 1
        var character: Character?
        if rest.first == UInt8(ascii: "#") {
            let isHex = rest.dropFirst().first.map { $0 | 0x20 == UInt8(ascii: "x") } ?? false
            let digits = rest.dropFirst(isHex ? 2 : 1).prefix(8).prefix {
                Character(Unicode.Scalar($0)).hexDigitValue.map { $0 < (isHex ? 16 : 10) } ?? false
            }
            guard let value = UInt32(String(decoding: digits, as: UTF8.self), radix: isHex ? 16 : 10), value > 0,
                let scalar = Unicode.Scalar(value)
            else { return nil }
            character = Character(scalar)
            consumed += (isHex ? 2 : 1) + digits.count
        } else {
            let letters = rest.prefix(5).prefix { ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z") }
            let name = String(decoding: letters, as: UTF8.self)
            character = named.first { $0.0 == name }?.1
            consumed += letters.count
        }
        guard let character else { return nil }
        position += consumed
        if peek() == UInt8(ascii: ";") { position += 1 }
        return character
    }

    private mutating func append(_ byte: UInt8) {
        output.append(byte)
        // A four-byte character is two UTF-16 code units; continuation bytes count as none.
        if byte & 0xC0 != 0x80 { outputUTF16 += byte >= 0xF0 ? 2 : 1 }
    }

    private mutating func take(while condition: (UInt8) -> Bool) -> String {
        let slice = bytes[position...].prefix(while: condition)
        position += slice.count
        return String(decoding: slice, as: UTF8.self)
    }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private func failure(_ detail: String) -> APIError { .badRequest("can't parse entities: \(detail)") }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
