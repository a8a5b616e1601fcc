/// A message of formatted blocks in place of a text (Bot API 10.1, `RichMessage`), as a plain text.
///
/// Each block, list item and row of a table is a line. What shows no text (dividers, anchors, maps, videos) is left
/// out, and so is what this client does not know, unless it has one of the members by which blocks carry text.
struct RichMessage: Decodable, Sendable {
    /// Beyond this many keys and indexes, what is nested is left out: the decoder's stack is finite. Telegram nests
    /// blocks at most 16 deep.
    static let pathMax = 96

    var text: String
    /// The first photo, in several sizes.
    var photo: [PhotoSize]
    /// Whether the text begins with a part that its person marked as code: then it is no command.
    var beginsWithCode: Bool

    private enum CodingKeys: String, CodingKey { case blocks }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let blocks = values.lenient(LossyList<RichBlock>.self, .blocks)?.elements ?? []
        text = blocks.flatMap(\.lines).joined(separator: "\n")
        photo = blocks.lazy.map(\.photo).first { !$0.isEmpty } ?? []
        beginsWithCode = blocks.first { !$0.lines.isEmpty }?.beginsWithCode ?? false
    }
}

extension Decoder {
    fileprivate func checkDepth() throws {
        guard codingPath.count <= RichMessage.pathMax else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "nested too deep"))
        }
    }
}

/// A block, an item of a list, or a caption: whatever of it is text.
private struct RichBlock: Decodable {
    var lines: [String]
    var photo: [PhotoSize]
    var beginsWithCode: Bool

    private enum CodingKeys: String, CodingKey {
        case type, label, summary, text, expression, items, cells, blocks, caption, credit, photo
        case hasCheckbox = "has_checkbox"
        case isChecked = "is_checked"
    }

    init(from decoder: any Decoder) throws {
        try decoder.checkDepth()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func line(_ key: CodingKeys) -> [String] {
            values.lenient(RichText.self, key).map { $0.text.isEmpty ? [] : [$0.text] } ?? []
        }
        func inner(_ key: CodingKeys) -> [RichBlock] { values.lenient(LossyList<RichBlock>.self, key)?.elements ?? [] }
        // A table's caption is a text, that of a picture has a text.
        let caption = values.lenient(RichBlock.self, .caption)
        let nested = inner(.items) + inner(.blocks) + (caption.map { [$0] } ?? [])
        let rows = values.lenient(LossyList<LossyList<RichCell>>.self, .cells)?.elements ?? []
        lines = line(.summary) + line(.text) + line(.expression)
        lines += rows.map { $0.elements.map(\.text).filter { !$0.isEmpty }.joined(separator: " ") }
        lines += nested.flatMap(\.lines) + (caption == nil ? line(.caption) : []) + line(.credit)
        // "1." or "☑" in front of an item.
        var label = line(.label).first
        if values.lenient(Bool.self, .hasCheckbox) == true {
            label = values.lenient(Bool.self, .isChecked) == true ? "☑" : "☐"
        }
        if let label, let first = lines.first { lines[0] = "\(label) \(first)" }
        beginsWithCode =
            values.lenient(String.self, .type) == "pre"
            || values.lenient(RichText.self, .text)?.beginsWithCode ?? nested.first?.beginsWithCode ?? false
        let own = values.lenient(LossyList<PhotoSize>.self, .photo)?.elements ?? []
        photo = own.isEmpty ? nested.lazy.map(\.photo).first { !$0.isEmpty } ?? [] : own
    }
}

private struct RichCell: Decodable {
    var text: String

    private enum CodingKeys: String, CodingKey { case text }

    init(from decoder: any Decoder) throws {
        text = try decoder.container(keyedBy: CodingKeys.self).lenient(RichText.self, .text)?.text ?? ""
    }
}

/// A string, a list of rich texts, or a formatted one.
private struct RichText: Decodable {
    var text: String
    var beginsWithCode = false

    private enum CodingKeys: String, CodingKey {
        case type, text, expression
        case alternativeText = "alternative_text"
    }

    init(from decoder: any Decoder) throws {
        try decoder.checkDepth()
        if let string = try? decoder.singleValueContainer().decode(String.self) {
            text = string
        } else if let list = try? LossyList<RichText>(from: decoder) {
            text = list.elements.map(\.text).joined()
            beginsWithCode = list.elements.first { !$0.text.isEmpty }?.beginsWithCode ?? false
        } else {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            let inner = values.lenient(RichText.self, .text)
            beginsWithCode = values.lenient(String.self, .type) == "code" || inner?.beginsWithCode ?? false
            text =
                inner?.text ?? values.lenient(String.self, .alternativeText)
                ?? values.lenient(String.self, .expression) ?? ""
        }
    }
}
