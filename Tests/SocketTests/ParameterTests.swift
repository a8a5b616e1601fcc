import Contracts
import Foundation
import TestSupport
import Testing

/// Every parameter of every method: a value that is not accepted is refused with the parameter's name, and nothing
/// changes.
@Suite(.serialized, .withProcesses)
struct ParameterTests {
    /// The kinds of parameters; `refused` has the values that a kind does not accept.
    enum Kind {
        case identifier, optionalIdentifier, integer, optionalInteger, limit, object, uuid, optionalUUID, nickname,
            optionalNickname
        case text(Int), cursor, query, reason, optionalObject(Int), changes

        var isRequired: Bool {
            switch self {
            case .identifier, .integer, .object, .uuid, .nickname, .reason, .changes: true
            default: false
            }
        }

        var refused: [JSONValue] {
            let noString: [JSONValue] = [1, true, [], [:], .decimal("1.5")]
            let noInteger: [JSONValue] = [
                "1", true, [], [:], .decimal("1.5"), .decimal("9223372036854775808"), .decimal("-9223372036854775809"),
                .decimal("1e3"),
            ]
            let noObject: [JSONValue] = ["{}", 1, true, []]
            let controls: [JSONValue] = ["a\u{0}b", "a\nb", "a\u{7F}b", "a\u{85}b", "\u{1B}[0m"]
            return switch self {
            case .identifier, .optionalIdentifier:
                noString + controls + ["", .string(of: "x", 129), .string(of: "é", 65)]
            case .integer, .optionalInteger: noInteger
            case .limit: noInteger + [0, -1, 101, .integer(.max), .integer(.min)]
            case .object:
                noObject + [
                    ["k": "a\u{0}b"], ["\u{0}": 1], ["deep": [["a\u{0}"]]], ["k": .string(of: "x", 262_145)],
                    ["k": .decimal("1e999999")], ["k": [.decimal("1e-99999")]],
                    ["k": [.decimal("1e131000"), .decimal("1e131000"), .decimal("1e131000")]],
                ]
            case .optionalObject(let bytes):
                noObject + [["k": "a\u{0}b"], ["k": .string(of: "x", bytes)], ["k": .decimal("1e131000")]]
            case .uuid, .optionalUUID:
                noString + [
                    "", "x", "00000000-0000-0000-0000-00000000000", "00000000-0000-0000-0000-0000000000000",
                    "00000000x0000-0000-0000-000000000000", "0000000g-0000-0000-0000-000000000000",
                    "00000000-0000-0000-0000-00000000000０", "{00000000-0000-0000-0000-000000000000}",
                ]
            case .nickname, .optionalNickname:
                // White space is removed before the characters are counted, and a line break is white space.
                noString + [
                    "", "a", " a ", "\u{3000}a", "a\u{0}b", "a\u{7}b", "\u{1B}[0m", .string(of: "x", 101),
                    .string(of: "👨‍👩‍👧‍👦", 41), .string(of: "z\u{363}\u{364}\u{365}\u{366}\u{367}\u{368}", 100),
                ]
            case .text(let characters):
                noString + [
                    "a\u{0}b", "a\u{1}b", "a\u{9B}b", .string(of: "x", characters + 1),
                    .string(of: "é", characters + 1),
                ]
            case .cursor: noString + ["", "x", "[]", "[1]", #"["a"]"#, #"[{},[]]"#, "null"]
            case .query: noString + [.string(of: "x", 1_025), "a\u{0}b"]
            case .reason: noString + ["", "done", "COMPLETED", " completed"]
            case .changes: noObject
            }
        }
    }

    private func verify(
        _ client: FrameClient, _ method: String, _ valid: [String: JSONValue], _ fields: [(name: String, kind: Kind)]
    ) throws {
        for (name, kind) in fields {
            var cases: [(what: String, params: [String: JSONValue])] = kind.refused.map { value in
                (value.text, valid.merging([name: value]) { $1 })
            }
            if kind.isRequired {
                var missing = valid
                missing[name] = nil
                cases += [("nothing", missing), ("null", valid.merging([name: .null]) { $1 })]
            }
            for (what, params) in cases {
                let id = try client.send(method, params)
                let answer = try client.response()
                let about = "\(method), \(name): \(what.prefix(60)) was answered \(answer)"
                #expect(answer.keys == ["jsonrpc", "id", "error"], "\(about)")
                #expect(answer["id"]?.integerValue == id)
                let error = answer["error"]
                #expect(error?["code"] == 1003, "\(about)")
                #expect(error?["data"]?["kind"] == "invalid_argument", "\(about)")
                #expect(error?["data"]?["field"] == .string(name), "\(about)")
                #expect(error?["message"]?.stringValue?.contains(name) == true, "\(about)")
            }
            if !kind.isRequired {
                // Null means absent.
                let answer = try client.call(method, valid.merging([name: .null]) { $1 })
                if case .failure(let error) = answer {
                    #expect(error.code != .invalidArgument, "\(method), \(name): null")
                }
            }
        }
    }

    @Test func `The parameters of rivet-state: bad values are refused by name`() throws {
        let client = try running(.state).client()
        let key: [(name: String, kind: Kind)] = [
            ("user_id", .identifier), ("chat_id", .identifier), ("conversation_type", .optionalIdentifier),
        ]
        try verify(client, "state.load", conversation("u"), key + [("update_id", .optionalInteger)])
        try verify(
            client, "state.clear", conversation("u", ["reason": "completed"]),
            key
                + [
                    ("reason", .reason), ("update_id", .optionalInteger), ("outcome", .optionalObject(16_385)),
                ].filter { $0.0 != "outcome" })
        #expect(
            try client.refusal("state.clear", conversation("u", ["reason": "completed", "outcome": "a\u{0}"])).field
                == "outcome")
        #expect(
            try client.refusal(
                "state.clear", conversation("u", ["reason": "completed", "outcome": .string(of: "x", 16_385)])
            ).field
                == "outcome")
        try verify(
            client, "state.list", [:],
            [
                ("conversation_type", .optionalIdentifier), ("limit", .limit), ("cursor", .cursor),
            ])
        #expect(
            try client.result("state.load", conversation("u"))["state"] == .null, "a refused call changed something")
        try verify(
            client, "state.save", saving("u"),
            key + [
                ("step", .identifier), ("data", .object), ("update_id", .optionalInteger),
                ("expected_revision", .optionalInteger),
            ])
    }

    @Test func `The parameters of rivet-library: bad values are refused by name`() throws {
        let client = try running(.library).client()
        let texts: [(name: String, kind: Kind)] = [
            ("manufacturer", .text(500)), ("model_number", .text(500)), ("serial_number", .text(500)),
            ("location", .text(500)), ("notes", .text(2_000)), ("photo_file_id", .text(500)),
        ]
        try verify(
            client, "library.check_nickname", ["user_id": "u", "nickname": "Pump"],
            [
                ("user_id", .identifier), ("nickname", .nickname), ("request_id", .optionalUUID),
            ])
        try verify(
            client, "library.add", adding("other", "Pump"),
            texts + [
                ("user_id", .identifier), ("nickname", .nickname), ("request_id", .uuid),
                ("ocr_data", .optionalObject(65_537)),
            ])
        try verify(
            client, "library.list", ["user_id": "u"],
            [
                ("user_id", .identifier), ("limit", .limit), ("cursor", .cursor), ("query", .query),
            ])
        #expect(try client.result("library.list", ["user_id": "u"])["total"] == 0)
        let machine = try client.result("library.add", adding("u", "Pump"))["machine"]
        let reference: [String: JSONValue] = ["user_id": "u", "id": try #require(machine?["id"])]
        let key: [(name: String, kind: Kind)] = [("user_id", .identifier), ("id", .uuid)]
        try verify(client, "library.get", reference, key)
        try verify(client, "library.restore", reference, key + [("nickname", .optionalNickname)])
        let update = reference.merging(["expected_revision": machine?["revision"] ?? .null, "changes": [:]]) { $1 }
        try verify(client, "library.update", update, key + [("expected_revision", .integer), ("changes", .changes)])
        for (name, kind) in texts + [("nickname", Kind.nickname), ("ocr_data", .optionalObject(65_537))] {
            for value in kind.refused {
                let error = try client.refusal(
                    "library.update", update.merging(["changes": .object([name: value])]) { $1 })
                #expect(
                    error.code == .invalidArgument && error.field == name, "\(name): \(value.text.prefix(60)): \(error)"
                )
            }
        }
        for name in ["id", "user_id", "revision", "created_at", "stored_in", "color", ""] {
            let error = try client.refusal("library.update", update.merging(["changes": .object([name: "x"])]) { $1 })
            #expect(error.code == .invalidArgument && error.field == name, "\(error)")
        }
        #expect(
            try client.refusal("library.update", update.merging(["changes": ["nickname": nil]]) { $1 }).field
                == "nickname")
        #expect(try client.result("library.get", reference)["machine"] == machine, "a refused call changed something")
        try verify(client, "library.delete", reference, key)
    }

    /// The longest value of each field is accepted, and comes back as it was.
    @Test func `The longest value of everything: accepted and returned`() throws {
        let library = try running(.library).client()
        let family = "👨‍👩‍👧‍👦"
        var params = adding(String(repeating: "u", count: 128), String(repeating: "é", count: 100))
        for field in ["manufacturer", "model_number", "serial_number", "location", "photo_file_id"] {
            params[field] = .string(of: family, 500)
        }
        params["notes"] = .string(of: "é\n\t", 666)
        params["ocr_data"] = ["k": .string(of: "x", 65_000)]
        let machine = try library.result("library.add", params)["machine"]
        for (name, value) in params where name != "request_id" {
            // A failed comparison would print half a mebibyte, so the result is computed first.
            let isSame = machine?[name] == value
            #expect(isSame, "\(name)")
        }
        let state = try running(.state).client()
        _ = try state.result(
            "state.save", saving("u", step: .init(repeating: "s", count: 128), data: ["k": .string(of: "x", 262_000)]))
        #expect(
            try state.result("state.load", conversation("u"))["state"]?["data"]?["k"]?.stringValue?.count == 262_000)
    }

    /// A lone surrogate is no Unicode, and a bad escape makes no character: the text is no JSON.
    @Test func `Lone surrogates: no JSON`() throws {
        let client = try running(.state).client()
        for text in [#"\ud800"#, #"\udc00"#, #"\ud800\ud800"#, #"\ud83dx"#, #"\u12"#, #"\x"#] {
            let body = #"{"jsonrpc":"2.0","id":5,"method":"state.load","params":{"user_id":"\#(text)","chat_id":"c"}}"#
            #expect(try client.answer(toFrame: body)["error"]?["code"] == -32700, "\(text)")
        }
        let pair = #"{"jsonrpc":"2.0","id":5,"method":"state.load","params":{"user_id":"\ud83d\ude00","chat_id":"c"}}"#
        #expect(try client.answer(toFrame: pair)["result"] == ["state": nil])
    }
}

extension JSONValue {
    static func string(of character: String, _ count: Int) -> JSONValue {
        .string(String(repeating: character, count: count))
    }
}
