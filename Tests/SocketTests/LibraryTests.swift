import Contracts
import Foundation
import TestSupport
import Testing

/// The methods of `library.sock`.
@Suite(.serialized, .withProcesses)
struct LibraryTests {
    static let fields: Set<String> = [
        "id", "user_id", "nickname", "manufacturer", "model_number", "serial_number", "location", "notes",
        "photo_file_id",
        "ocr_data", "revision", "created_at", "updated_at", "stored_in",
    ]

    @Test func `A result: has exactly the fields of its method`() throws {
        let client = try running(.library).client()
        let added = try client.result("library.add", adding("u", "Pump"))
        #expect(added.keys == ["machine", "durable"] && added["durable"] == true)
        let machine = try #require(added["machine"])
        #expect(machine.keys == Self.fields)
        #expect(machine["id"]?.stringValue.flatMap(UUID.init(uuidString:)) != nil)
        for name in ["manufacturer", "model_number", "serial_number", "location", "notes", "photo_file_id", "ocr_data"]
        {
            #expect(machine[name] == .null, "\(name)")
        }
        #expect(
            isTime(machine["created_at"]) && isTime(machine["updated_at"])
                && machine["stored_in"] == ["sqlite", "memory"])
        let reference: [String: JSONValue] = ["user_id": "u", "id": machine["id"] ?? .null]
        #expect(try client.result("library.get", reference) == ["machine": machine])
        #expect(
            try client.result("library.list", ["user_id": "u"]) == [
                "machines": [machine], "total": 1, "next_cursor": nil,
            ])
        #expect(
            try client.result("library.list", ["user_id": "v"]) == ["machines": [], "total": 0, "next_cursor": nil])
        #expect(
            try client.result("library.check_nickname", ["user_id": "u", "nickname": "Other"])
                == ["available": true, "suggestion": nil])
        let update = reference.merging(["expected_revision": machine["revision"] ?? .null, "changes": ["notes": "n"]]) {
            $1
        }
        let updated = try client.result("library.update", update)
        #expect(updated.keys == ["machine", "durable"] && updated["machine"]?.keys == Self.fields)
        #expect(updated["machine"]?["notes"] == "n")
        #expect(try client.result("library.delete", reference) == ["deleted": true, "durable": true])
        #expect(try client.result("library.delete", reference)["deleted"] == false)
        let restored = try client.result("library.restore", reference)
        #expect(restored.keys == ["machine", "durable"] && restored["machine"]?["notes"] == "n")
    }

    @Test func `Nicknames: normalized`() throws {
        let client = try running(.library).client()
        for (index, (typed, stored)) in [
            ("  Pump \t 1\n", "Pump 1"), ("Cafe\u{301}", "Caf\u{E9}"), ("A\u{3000}\u{A0}B", "A B"), ("😀😀", "😀😀"),
            ("مضخة ١", "مضخة ١"), ("<b>_*[", "<b>_*["),
        ].enumerated() {
            let machine = try client.result("library.add", adding("u\(index)", typed))["machine"]
            // Swift considers canonically equal strings equal; here the bytes must be equal.
            #expect(machine?["nickname"]?.stringValue.map { Array($0.utf8) } == Array(stored.utf8), "\(typed)")
        }
    }

    @Test func `A nickname in use: refused with a suggestion that is free`() throws {
        let client = try running(.library).client()
        let long = String(repeating: "L", count: 100)
        for (first, others) in [
            ("Pump", ["PUMP", "pump", " Pump ", "\tpUmP"]), ("Caf\u{E9}", ["CAFE\u{301}", "cafe\u{301}", "CAFÉ"]),
            ("Straße 1", ["STRASSE 1", "strasse  1", "straße\u{A0}1"]), ("Two Words", ["two   words", "TWO\nWORDS"]),
            ("ΟΔΟΣ", ["οδος", "οδοσ"]), ("İstanbul", ["i̇stanbul"]), ("Boiler (2)", ["boiler (2)"]),
            (long, [long.lowercased()]),
            ("(5)", ["(5)"]),
        ] {
            _ = try client.result("library.add", adding("u", first))
            for other in others {
                let error = try client.refusal("library.add", adding("u", other))
                #expect(error.code == .duplicateNickname && error.field == "nickname", "\(first), \(other)")
                #expect(error.json["data"]?["kind"] == "duplicate_nickname")
                let check = try client.result("library.check_nickname", ["user_id": "u", "nickname": .string(other)])
                #expect(check["available"] == false && check["suggestion"]?.stringValue == error.suggestion)
                // Add the suggestion: then the next one must be different.
                let suggestion = try #require(error.suggestion)
                #expect(
                    try client.result("library.check_nickname", ["user_id": "u", "nickname": .string(suggestion)])[
                        "available"] == true)
                #expect(
                    try client.result("library.add", adding("u", suggestion))["machine"]?["nickname"]
                        == .string(suggestion))
            }
        }
        // Another person has a separate library.
        #expect(try client.result("library.check_nickname", ["user_id": "v", "nickname": "Pump"])["available"] == true)
    }

    @Test func `One request from two connections: adds one machine`() throws {
        let service = try running(.library)
        for round in 0..<50 {
            let params = adding("u", "Pump \(round)")
            let answers = try onThreads(2) { _ in try service.client().result("library.add", params)["machine"] }
            #expect(answers[0] == answers[1] && answers[0] != nil)
        }
        #expect(try service.client().result("library.list", ["user_id": "u"])["total"] == 50)
        // The request ID decides, not the nickname; another person may not use the same ID.
        let params = adding("u", "First")
        let machine = try service.client().result("library.add", params)["machine"]
        #expect(
            try service.client().result("library.add", params.merging(["nickname": "Second"]) { $1 })["machine"]
                == machine)
        #expect(
            try service.client().refusal("library.add", params.merging(["user_id": "v"]) { $1 }).field == "request_id")
        // A UUID in upper case is the same UUID.
        let upper = params.merging(["request_id": .string(params["request_id"]?.stringValue?.uppercased() ?? "")]) {
            $1
        }
        #expect(try service.client().result("library.add", upper)["machine"] == machine)
    }

    @Test func `A hundred additions of one nickname: one succeeds`() throws {
        let service = try running(.library)
        let clients = try (0..<100).map { _ in try service.client() }
        for (index, client) in clients.enumerated() {
            try client.send("library.add", adding("u", index % 2 == 0 ? "PUMP" : "pump"))
        }
        let answers = try clients.map { try $0.response() }
        #expect(answers.count { $0["result"] != nil } == 1)
        #expect(answers.count { $0["error"]?["code"] == 1001 } == 99)
        #expect(try service.client().result("library.list", ["user_id": "u"])["total"] == 1)
    }

    @Test func `A list: paged, newest first`() throws {
        let service = try running(.library)
        var client = try service.client()
        var added: [String] = []
        for number in 0..<105 {
            added.append(
                try client.result("library.add", adding("u", "Machine \(number)"))["machine"]?["id"]?.stringValue ?? "")
        }
        try service.restart()
        client = try service.client()
        for limit: Int64 in [20, 7, 100, 1] {
            var listed: [(time: String, id: String)] = []
            var cursor: JSONValue = .null
            repeat {
                let page = try client.result(
                    "library.list", ["user_id": "u", "limit": .integer(limit), "cursor": cursor])
                #expect(page["total"] == 105)
                #expect(page["machines"]?.count ?? 0 <= limit)
                listed += (page["machines"]?.arrayValue ?? []).map {
                    ($0["created_at"]?.stringValue ?? "", $0["id"]?.stringValue ?? "")
                }
                cursor = page["next_cursor"] ?? .null
            } while cursor != .null
            #expect(listed.count == 105 && Set(listed.map(\.id)) == Set(added))
            #expect(zip(listed, listed.dropFirst()).allSatisfy { $0.time >= $1.time }, "limit \(limit)")
        }
        #expect(try client.result("library.list", ["user_id": "u"])["machines"]?.count == 20)
        // A machine added between two pages moves nothing in the pages that follow.
        let first = try client.result("library.list", ["user_id": "u", "limit": 50])
        _ = try client.result("library.add", adding("u", "Late"))
        let second = try client.result(
            "library.list", ["user_id": "u", "limit": 100, "cursor": first["next_cursor"] ?? .null])
        #expect(second["machines"]?.count == 55)
    }

    @Test func `A search: finds words by their beginnings in all fields, of one person only`() throws {
        let client = try running(.library).client()
        func add(_ nickname: String, _ more: [String: JSONValue] = [:]) throws {
            _ = try client.result("library.add", adding("u", nickname, more))
        }
        try add(
            "Contactor",
            ["manufacturer": "Siemens", "model_number": "3RQ2000-2AW00", "notes": "it's \"quoted\" — AND/OR"])
        try add("Pump NOT", ["location": "Hall 3, bay B", "serial_number": "SN:0815^x"])
        try add("مضخة المياه", ["notes": "Ünïcode straße 😀 ボイラー"])
        try add("Boiler", ["notes": "near the contactor"])
        _ = try client.result("library.add", adding("v", "Siemens of another"))
        let cases: [(query: String, found: Set<String>)] = [
            ("sie", ["Contactor"]), ("SIEMENS", ["Contactor"]), ("iemens", []), ("3RQ2000-2AW00", ["Contactor"]),
            ("3rq2000", ["Contactor"]), ("2AW", ["Contactor"]), ("contactor", ["Contactor", "Boiler"]),
            ("contactor siemens", ["Contactor"]), ("siemens hall", []), ("bay hall", ["Pump NOT"]),
            ("hall 3", ["Pump NOT"]),
            ("AND", ["Contactor"]), ("OR", ["Contactor"]), ("NOT", ["Pump NOT"]), ("pump not", ["Pump NOT"]),
            ("NEAR", ["Boiler"]), ("NEAR(contactor boiler)", ["Boiler"]),
            ("\"quoted\"", ["Contactor"]), ("\"", []), ("'", []), ("it's", ["Contactor"]),
            ("con*", ["Contactor", "Boiler"]),
            ("*", []), ("^x", ["Pump NOT"]), ("SN:0815", ["Pump NOT"]), ("nickname:pump", []), ("notes : quoted", []),
            ("owner:u75", []), ("{nickname}", []), ("(", []), (")", []), ("-", []), ("+", []),
            ("siemens OR boiler", []),
            ("siemens NOT boiler", []), ("ünï", ["مضخة المياه"]), ("ÜNÏCODE", ["مضخة المياه"]),
            ("مضخ", ["مضخة المياه"]),
            ("😀", ["مضخة المياه"]), ("ボイ", ["مضخة المياه"]), ("\u{202E}", []), ("%", []), ("_", []), ("\\", []),
            (";--", []),
        ]
        for (query, found) in cases {
            let result = try client.result("library.list", ["user_id": "u", "query": .string(query)])
            let names = Set((result["machines"]?.arrayValue ?? []).compactMap { $0["nickname"]?.stringValue })
            #expect(names == found, "\(query)")
            #expect(result["total"] == .integer(Int64(found.count)), "\(query)")
        }
        for everything: JSONValue in ["", "  ", "\n", nil] {
            #expect(try client.result("library.list", ["user_id": "u", "query": everything])["total"] == 4)
        }
        // As many words as a query may have.
        #expect(try client.result("library.list", ["user_id": "u", "query": .string(of: "con ", 256)])["total"] == 2)
    }

    /// The index follows updates, deletion and restoration.
    @Test func `A search: follows every change of a machine`() throws {
        let client = try running(.library).client()
        func total(_ query: String) throws -> Int64? {
            try client.result("library.list", ["user_id": "u", "query": .string(query)])["total"]?.integerValue
        }
        let machine = try client.result("library.add", adding("u", "Pump", ["notes": "before"]))["machine"]
        let reference: [String: JSONValue] = ["user_id": "u", "id": machine?["id"] ?? .null]
        #expect(try total("before") == 1)
        _ = try client.result(
            "library.update",
            reference.merging(["expected_revision": machine?["revision"] ?? .null, "changes": ["notes": "after"]]) {
                $1
            })
        #expect(try total("before") == 0 && total("after") == 1)
        _ = try client.result("library.delete", reference)
        #expect(try total("after") == 0)
        _ = try client.result("library.restore", reference)
        #expect(try total("after") == 1)
    }

    @Test func `An update: changes the named fields, at the expected revision only`() throws {
        let client = try running(.library).client()
        let machine = try #require(
            try client.result("library.add", adding("u", "Pump", ["notes": "n", "location": "l"]))["machine"])
        _ = try client.result("library.add", adding("u", "Taken"))
        func update(_ revision: JSONValue?, _ changes: JSONValue, user: String = "u") -> [String: JSONValue] {
            [
                "user_id": .string(user), "id": machine["id"] ?? .null, "expected_revision": revision ?? .null,
                "changes": changes,
            ]
        }
        let changes: JSONValue = ["notes": nil, "nickname": " PUMP  2 ", "ocr_data": ["a": 1]]
        let second = try #require(try client.result("library.update", update(machine["revision"], changes))["machine"])
        #expect(
            second["notes"] == .null && second["nickname"] == "PUMP 2" && second["location"] == "l"
                && second["ocr_data"] == ["a": 1])
        #expect(try #require(second["revision"]?.integerValue) > #require(machine["revision"]?.integerValue))
        #expect(second["created_at"] == machine["created_at"])
        let stale = try client.refusal("library.update", update(machine["revision"], ["notes": "x"]))
        #expect(stale.code == .revisionConflict && stale.revision == second["revision"]?.integerValue)
        let taken = try client.refusal("library.update", update(second["revision"], ["nickname": "taken"]))
        #expect(taken.code == .duplicateNickname && taken.suggestion != nil)
        // A machine may have its own nickname in another case.
        let third = try client.result("library.update", update(second["revision"], ["nickname": "pump 2"]))["machine"]
        #expect(third?["nickname"] == "pump 2")
        // Its former nickname is free for others.
        #expect(try client.result("library.check_nickname", ["user_id": "u", "nickname": "Pump"])["available"] == true)
        #expect(
            try client.refusal("library.update", update(third?["revision"], ["notes": "x"], user: "v")).code
                == .notFound)
    }

    @Test func `A deleted machine: invisible until it is restored`() throws {
        let service = try running(.library)
        let client = try service.client()
        let machine = try client.result("library.add", adding("u", "Pump", ["notes": "n"]))["machine"]
        let reference: [String: JSONValue] = ["user_id": "u", "id": machine?["id"] ?? .null]
        _ = try client.result("library.delete", reference)
        #expect(try client.refusal("library.get", reference).code == .notFound)
        #expect(try client.result("library.list", ["user_id": "u"])["total"] == 0)
        let other = try client.result("library.add", adding("u", "PUMP"))["machine"]
        let clash = try client.refusal("library.restore", reference)
        #expect(clash.code == .duplicateNickname && clash.suggestion == "Pump (2)")
        let restored = try client.result("library.restore", reference.merging(["nickname": "Old  Pump"]) { $1 })[
            "machine"]
        #expect(
            restored?["nickname"] == "Old Pump" && restored?["notes"] == "n"
                && restored?["created_at"] == machine?["created_at"])
        #expect(try #require(restored?["revision"]?.integerValue) > #require(machine?["revision"]?.integerValue))
        // Restoring a machine that is not deleted changes nothing.
        #expect(
            try client.result("library.restore", reference.merging(["nickname": "Other"]) { $1 })["machine"]?[
                "nickname"] == "Old Pump")
        _ = try client.result("library.delete", ["user_id": "u", "id": other?["id"] ?? .null])
        try service.kill()
        try service.start()
        let after = try service.client()
        #expect(
            try after.result("library.restore", ["user_id": "u", "id": other?["id"] ?? .null])["machine"]?["nickname"]
                == "PUMP")
        #expect(try after.result("library.list", ["user_id": "u"])["total"] == 2)
    }

    @Test func `Machines of other people: invisible`() throws {
        let client = try running(.library).client()
        let machine = try client.result("library.add", adding("u", "Pump"))["machine"]
        let stranger: [String: JSONValue] = ["user_id": "v", "id": machine?["id"] ?? .null]
        for (method, more) in [
            ("library.get", [:]), ("library.restore", [:]),
            ("library.update", ["expected_revision": machine?["revision"] ?? .null, "changes": ["notes": "x"]]),
        ] as [(String, [String: JSONValue])] {
            let error = try client.refusal(method, stranger.merging(more) { $1 })
            #expect(error.code == .notFound && error.json["data"]?["kind"] == "not_found", "\(method)")
        }
        #expect(try client.result("library.delete", stranger)["deleted"] == false)
        let unknown = stranger.merging(["id": .string(newUUID())]) { $1 }
        #expect(try client.refusal("library.get", unknown).code == .notFound)
        _ = try client.result("library.delete", ["user_id": "u", "id": machine?["id"] ?? .null])
        #expect(try client.refusal("library.restore", stranger).code == .notFound)
        #expect(try client.result("library.list", ["user_id": "v"])["total"] == 0)
    }

    @Test func `Values: come back as they were`() throws {
        let service = try running(.library)
        let values: [String: JSONValue] = [
            "manufacturer": "<b>Siemens</b> & Söhne", "model_number": "_*[`3RQ2000-2AW00",
            "serial_number": "'; DROP TABLE --",
            "location": "קומה 3 \u{202E}RTL", "notes": .string(of: "👩‍🔧", 600), "photo_file_id": "AgACAgIAAx",
            "ocr_data": ["n": .decimal("12345678901234567890"), "p": .decimal("1.10"), "t": ["é", nil]],
        ]
        // 2,000 characters as a person counts them, each of one or two UTF-16 code units.
        let long = adding("u", "Long", ["notes": .string(of: "😀é", 1_000)])
        let machine = try service.client().result("library.add", adding("u", "مضخة 👩‍🔧", values))["machine"]
        let longMachine = try service.client().result("library.add", long)["machine"]
        #expect(longMachine?["notes"] == long["notes"])
        try service.kill()
        try service.start()
        let client = try service.client()
        let read = try client.result("library.get", ["user_id": "u", "id": machine?["id"] ?? .null])["machine"]
        for (name, value) in values { #expect(read?[name] == value, "\(name)") }
        #expect(read?["nickname"] == "مضخة 👩‍🔧")
        #expect(
            try client.result("library.get", ["user_id": "u", "id": longMachine?["id"] ?? .null])["machine"]?["notes"]
                == long["notes"])
    }
}
