import Foundation
import TestSupport
import Testing

@testable import TelegramBotAPI

@Suite struct UpdateSplitterTests {
    private func json(_ value: Any) throws -> [UInt8] {
        Array(try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed]))
    }

    private func value(_ depth: Int, _ random: inout SeededGenerator) -> Any {
        let strings = ["", "a", "\"", "\\", "}]\",", "\\\"", "ä😀", "update_id", "\u{0}\n"]
        switch Int.random(in: 0..<(depth > 5 ? 4 : 6), using: &random) {
        case 0: return NSNull()
        case 1: return Int64.random(in: .min ... .max, using: &random)
        case 2: return Bool.random(using: &random)
        case 3: return strings.randomElement(using: &random) ?? ""
        case 4: return (0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth + 1, &random) }
        default:
            let keys = (0..<Int.random(in: 0...3, using: &random)).map { strings[$0 * 2] }
            return Dictionary(uniqueKeysWithValues: keys.map { ($0, value(depth + 1, &random)) })
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `Random responses: each piece is its update, whatever it contains`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let updates = try (0..<Int.random(in: 0...5, using: &random)).map { number in
            try json(["update_id": number, "message": value(0, &random)])
        }
        let blanks = ["", " ", "\n\t", "\r\n"].randomElement(using: &random) ?? ""
        let list = updates.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\(blanks),\(blanks)")
        let other = String(decoding: try json(value(0, &random)), as: UTF8.self)
        let before = Bool.random(using: &random) ? #""x":\#(other),"# : ""
        let body = Array(#"{\#(before)"result"\#(blanks):\#(blanks)[\#(list)]\#(blanks),"ok":true}"#.utf8)
        let pieces = try #require(UpdateSplitter.pieces(of: body))
        #expect(pieces.map { Array(body[$0.range]) } == updates)
        #expect(pieces.map(\.id) == updates.indices.map(Int64.init))
        #expect(pieces.allSatisfy { $0.kind == "message" })
        // A response cut at any byte is refused; one with any byte changed is read or refused.
        for end in 0..<body.count { #expect(UpdateSplitter.pieces(of: Array(body[..<end])) == nil, "cut at \(end)") }
        for index in body.indices {
            var changed = body
            changed[index] = UInt8.random(in: .min ... .max, using: &random)
            for piece in UpdateSplitter.pieces(of: changed) ?? [] {
                #expect(changed.indices.contains(piece.range.lowerBound) && piece.range.upperBound <= changed.count)
            }
        }
    }
}
