import Contracts

/// Text with its formatting as Telegram stores it. Offsets and lengths count UTF-16 code units.
struct FormattedText: Sendable, Equatable {
    var text: String
    var entities: [BotMessage.Entity] = []

    var lengthUTF16: Int { text.utf16.count }

    /// The text without white space at either end, as Telegram stores every text.
    var trimmed: FormattedText {
        let units = Array(text.utf16)
        let isSpace: (UInt16) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) || $0 == 0xA0 }
        let leading = units.prefix(while: isSpace).count
        let trailing = leading == units.count ? 0 : units.reversed().prefix(while: isSpace).count
        guard leading + trailing > 0 else { return self }
        let kept = units[leading..<(units.count - trailing)]
        let entities = entities.compactMap { entity -> BotMessage.Entity? in
            let start = max(entity.offset - leading, 0)
            let end = min(entity.offset + entity.length - leading, kept.count)
            guard end > start else { return nil }
            var moved = entity
            moved.offset = start
            moved.length = end - start
            return moved
        }
        return FormattedText(text: String(decoding: kept, as: UTF16.self), entities: entities)
    }

    /// A person's text with the `bot_command` entities that Telegram finds in it, by the rule of its own library
    /// (TDLib, `find_bot_commands`): of "/A-103" the beginning, of "/07/2291" nothing. Telegram finds links, mentions
    /// and more; this does not.
    static func typed(_ text: String) -> FormattedText {
        var result = FormattedText(text: text).trimmed
        let command = #/\/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32}(?![A-Za-z0-9_])|(?!@))(?![\w\/<>])/#
        for match in result.text.matches(of: command) {
            let before = result.text[..<match.range.lowerBound]
            if let last = before.last, last.isLetter || last.isNumber || "_/<>".contains(last) { continue }
            result.entities.append(
                .init(
                    kind: "bot_command", offset: before.utf16.count,
                    length: result.text[match.range].utf16.count))
        }
        return result
    }
}

extension BotMessage.Entity {
    var json: JSONValue {
        var members: [String: JSONValue] = [
            "type": .string(kind), "offset": .integer(Int64(offset)), "length": .integer(Int64(length)),
        ]
        if let url { members["url"] = .string(url) }
        if let language { members["language"] = .string(language) }
        return .object(members)
    }
}
