import Contracts
import Foundation
import TestSupport
import Testing

@Suite struct JSONParserTests {
    @Test(
        arguments: [
            ("null", JSONValue.null), (" true ", true), ("false", false), ("0", 0), ("-1", -1),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .decimal("9223372036854775808")), ("-0", .decimal("-0")),
            ("1.10", .decimal("1.10")),
            ("1e400", .decimal("1e400")), ("\"\"", ""), ("\"\\u0041\\n\\/\"", "A\n/"), ("\"\\ud83d\\udd27\"", "🔧"),
            ("[]", []), ("[1, [2]]", [1, [2]]), ("{}", [:]), ("{\"a\":{\"b\":null}}", ["a": ["b": nil]]),
        ] as [(String, JSONValue)])
    func `A valid text: parsed to its value`(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "01", "1.", ".5", "1e", "+1", "-", "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud83d\"",
        "\"\\udd27\"", "\"\\ud83d\\u0041\"", "\"\n\"", "[", "[1", "[1,", "[1,]", "[1 2]", "{", "{\"a\"", "{\"a\":",
        "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{\"a\":1 \"b\":2}", "{\"a\":1,\"a\":2}", "1 2", "{} x", "NaN",
    ])
    func `An invalid text: refused`(_ text: String) {
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: text) }
    }

    @Test func `Invalid UTF-8: refused`() {
        for bytes in [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
        ]
            as [[UInt8]]
        {
            #expect(throws: JSONParseError.self) { try JSONValue(parsing: bytes) }
        }
    }

    @Test func `Nesting: accepted up to its bound`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSONValue(parsing: nested(JSONValue.depthMax))
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: nested(JSONValue.depthMax + 1)) }
        #expect(throws: JSONParseError.self) { try JSONValue(parsing: String(repeating: "[", count: 1_000_000)) }
    }

    @Test func `A parse error: names the position and shows nothing of the text`() {
        #expect { try JSONValue(parsing: "{\"secret\": secret}") } throws: { error in
            "\(error)" == "unexpected character at byte 11"
        }
    }

    /// What the serializer writes is read back equal by this parser; Foundation's parser accepts it, too.
    @Test func `Random values: read back equal after serializing`() throws {
        var random = SeededGenerator(#function)
        for _ in 0..<2_000 {
            let value = Self.randomValue(depth: 0, &random)
            let bytes = value.serialized()
            #expect(try JSONValue(parsing: bytes) == value)
            _ = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        }
    }

    /// Bytes cut short or altered make the parser return a value or an error, never crash.
    @Test func `Random damage to a text: parsed or refused`() {
        var random = SeededGenerator(#function)
        for _ in 0..<2_000 {
            var bytes = Self.randomValue(depth: 0, &random).serialized()
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            bytes.removeLast(Int.random(in: 0...bytes.count, using: &random))
            if let value = try? JSONValue(parsing: bytes) {
                #expect((try? JSONValue(parsing: value.serialized())) == value)
            }
        }
    }

    private static func randomValue(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0...(depth > 4 ? 5 : 7), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &random))
        case 3:
            return .decimal("\(Int.random(in: -99...99, using: &random)).\(Int.random(in: 0...9_999, using: &random))")
        case 4, 5: return .string(randomText(&random))
        case 6:
            return .array(
                (0..<Int.random(in: 0...4, using: &random)).map { _ in randomValue(depth: depth + 1, &random) })
        default:
            var members: [String: JSONValue] = [:]
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                members[randomText(&random)] = randomValue(depth: depth + 1, &random)
            }
            return .object(members)
        }
    }

    private static func randomText(_ random: inout SeededGenerator) -> String {
        let scalars = (0..<Int.random(in: 0...12, using: &random)).compactMap { _ in
            Unicode.Scalar(UInt32.random(in: 0...(Bool.random(using: &random) ? 0x7F : 0x1FAFF), using: &random))
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
