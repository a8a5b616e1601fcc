import Contracts
import Foundation
import TestSupport
import Testing

/// The methods of `state.sock`.
@Suite(.serialized, .withProcesses)
struct ConversationTests {
    @Test func `A result: has exactly the fields of its method`() throws {
        let client = try running(.state).client()
        #expect(try client.result("state.load", conversation("u")) == ["state": nil])
        #expect(try client.result("state.load", conversation("u", ["update_id": 1])) == ["state": nil, "applied": nil])

        let saved = try client.result("state.save", saving("u", data: ["nickname": "Pump"], update: 1))
        #expect(saved.keys == ["revision", "expires_at", "stored_in", "durable"])
        #expect(isTime(saved["expires_at"]) && saved["durable"] == true && saved["stored_in"] == ["sqlite", "memory"])

        let state = try client.result("state.load", conversation("u"))["state"]
        #expect(
            state?.keys == [
                "step", "data", "revision", "update_id", "started_at", "updated_at", "expires_at", "stored_in",
            ])
        #expect(state?["step"] == "nickname" && state?["data"] == ["nickname": "Pump"] && state?["update_id"] == 1)
        #expect(state?["revision"] == saved["revision"] && state?["expires_at"] == saved["expires_at"])
        #expect(isTime(state?["started_at"]) && isTime(state?["updated_at"]))
        _ = try client.result("state.save", saving("v"))
        #expect(try client.result("state.load", conversation("v"))["state"]?["update_id"] == .null)

        let list = try client.result("state.list")
        #expect(list.keys == ["conversations", "next_cursor"] && list["next_cursor"] == .null)
        #expect(list["conversations"]?[0]?.keys == ["user_id", "chat_id", "conversation_type", "state"])

        let nothing = try client.result("state.clear", conversation("nobody", ["reason": "cancelled"]))
        #expect(nothing.keys == ["cleared", "revision", "stored_in", "durable"])
        #expect(nothing["cleared"] == false && nothing["revision"] == .null)
        let cleared = try client.result("state.clear", conversation("u", ["reason": "completed"]))
        #expect(cleared.keys == ["cleared", "revision", "stored_in", "durable"] && cleared["cleared"] == true)
        #expect(try client.result("state.load", conversation("u")) == ["state": nil])
        let again = try client.result("state.clear", conversation("u", ["reason": "completed"]))
        #expect(again["cleared"] == false && again["revision"] == cleared["revision"])
        #expect(try client.result("state.sweep") == ["deleted": 0])
    }

    @Test(arguments: [RivetBinary.state, .library])
    func `Health: has the fields and tiers of the service`(_ binary: RivetBinary) throws {
        let service = try running(binary)
        let health = try service.client().result("service.health")
        #expect(health.keys.isSuperset(of: ["service", "version", "started_at", "status", "tiers", "counters"]))
        #expect(
            health["service"] == .string(binary.rawValue) && health["status"] == "ok" && isTime(health["started_at"]))
        let tier = health["tiers"]?[0]
        #expect(
            tier?.keys == ["name", "kind", "state", "pending", "oldest_pending_age_s", "last_error", "latency_ms"])
        #expect(tier?["name"] == "sqlite" && tier?["state"] == "up" && tier?["pending"] == 0)
        #expect(tier?["oldest_pending_age_s"] == .null && tier?["last_error"] == .null)
        #expect(health["tiers"]?[1]?["name"] == "memory")
    }

    /// Unknown keys, and numbers of any spelling, come out as they went in, from memory and from the disk.
    @Test func `Data: comes back as it was saved`() throws {
        let service = try running(.state)
        let text = #"""
            {"big":12345678901234567890,"price":1.10,"tiny":1e-400,"zero":-0,"max":9223372036854775807,"emoji":"👩‍🔧🏳️‍🌈",
             "rtl":"مضخة שלום","html":"<b>&amp;</b>","markdown":"_*[`","quote":"\"\\\/","escape":"\u0001\u001f\u2028",
             "nested":{"list":[null,true,false,[],{}]},"":"no name","nickname":null,"combining":"e\u0301 \u00e9"}
            """#
        let data = try JSONValue(parsing: text)
        _ = try service.client().result("state.save", saving("u", data: data))
        #expect(try service.client().result("state.load", conversation("u"))["state"]?["data"] == data)
        try service.kill()
        try service.start()
        let body = try #require(
            try { () -> [UInt8]? in
                let client = try service.client()
                try client.send("state.load", conversation("u"))
                return try client.receiveBody()
            }())
        let spelled = String(decoding: body, as: UTF8.self)
        for exact in ["12345678901234567890", "1.10", "1e-400", "-0", "👩‍🔧🏳️‍🌈", "مضخة שלום"] {
            #expect(spelled.contains(exact), "\(exact)")
        }
        #expect(try JSONValue(parsing: body)["result"]?["state"]?["data"] == data)
        // Two spellings of é are different texts; Swift's comparison of strings takes them for the same.
        #expect(spelled.unicodeScalars.contains("\u{301}") && spelled.unicodeScalars.contains("\u{E9}"))
    }

    @Test func `The same update: changes nothing and gets the same response again`() throws {
        let service = try running(.state)
        var answers: [Int64: JSONValue] = [:]
        // Update IDs may go down after a quiet week.
        for (index, update) in [Int64(900), 901, 5, 6, 902, 7, -3, 0].enumerated() {
            answers[update] = try service.client().result("state.save", saving("u", step: "s\(index)", update: update))
        }
        let last = try service.client().result("state.load", conversation("u"))["state"]
        func verify(_ when: String) throws {
            let client = try service.client()
            for (update, answer) in answers {
                let repeated = try client.result(
                    "state.save", saving("u", step: "other", data: ["x": 1], update: update))
                #expect(
                    repeated["revision"] == answer["revision"] && repeated["expires_at"] == answer["expires_at"],
                    "\(when), \(update)")
                let load = try client.result("state.load", conversation("u", ["update_id": .integer(update)]))
                #expect(load["applied"] == ["cleared": nil], "\(when), \(update)")
            }
            let state = try client.result("state.load", conversation("u"))["state"]
            #expect(state?["step"] == last?["step"] && state?["revision"] == last?["revision"], "\(when)")
            #expect(try client.result("state.load", conversation("u", ["update_id": 12345]))["applied"] == .null)
        }
        try verify("at once")
        try service.restart()
        try verify("after a restart")
        try service.kill()
        try service.start()
        try verify("after kill -9")
        // These updates do not concern another key.
        #expect(try service.client().result("state.load", conversation("w", ["update_id": 900]))["applied"] == .null)
    }

    @Test func `A clear: remembered with its outcome`() throws {
        let service = try running(.state)
        _ = try service.client().result("state.save", saving("u", update: 1))
        let clearing = conversation(
            "u", ["reason": "completed", "update_id": 2, "outcome": ["machine": "abc", "price": .decimal("1.10")]])
        let first = try service.client().result("state.clear", clearing)
        for kill in [false, true] {
            let client = try service.client()
            let again = try client.result("state.clear", clearing)
            #expect(again["cleared"] == true && again["revision"] == first["revision"])
            let load = try client.result("state.load", conversation("u", ["update_id": 2]))
            #expect(
                load["applied"]?["cleared"] == [
                    "reason": "completed", "outcome": ["machine": "abc", "price": .decimal("1.10")],
                ])
            // The update before it stays applied, and does not open the conversation again.
            _ = try client.result("state.save", saving("u", update: 1))
            #expect(try client.result("state.load", conversation("u"))["state"] == .null)
            if kill { try service.kill() } else { try service.stop() }
            try service.start()
        }
    }

    @Test func `An expected revision: checked before a save`() throws {
        let client = try running(.state).client()
        let first = try client.result("state.save", saving("u", ["expected_revision": 0]))["revision"] ?? .null
        let conflict = try client.refusal("state.save", saving("u", step: "x", ["expected_revision": 0]))
        #expect(conflict.code == .revisionConflict && conflict.revision == first.integerValue)
        #expect(conflict.json["data"]?["kind"] == "revision_conflict")
        let second =
            try client.result("state.save", saving("u", step: "b", ["expected_revision": first]))["revision"] ?? .null
        #expect(
            try client.refusal("state.save", saving("u", step: "c", ["expected_revision": first])).revision
                == second.integerValue)
        // A repeated call gets its earlier response before its expectation is checked.
        let third = try client.result("state.save", saving("u", step: "d", update: 9, ["expected_revision": second]))
        #expect(
            try client.result("state.save", saving("u", step: "d", update: 9, ["expected_revision": second])) == third)
        _ = try client.result("state.clear", conversation("u", ["reason": "cancelled"]))
        _ = try client.result("state.save", saving("u", step: "e", ["expected_revision": 0]))
        #expect(try client.refusal("state.save", saving("new", ["expected_revision": 7])).revision == 0)
    }

    @Test func `Revisions: grow over clears, restarts and clocks that go back`() throws {
        let library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"
        let hasFaketime = FileManager.default.fileExists(atPath: library)
        if !hasFaketime { print("the clock stays as it is: \(library) is not there (apt install faketime)") }
        let service = try made(.state)
        var last: Int64 = 0
        var startedAt: String = ""
        for (round, offset) in ["+0", "+10d", "-10d", "-1y", "+0", "+1d", "-2d"].enumerated() {
            try service.start(
                hasFaketime ? ["LD_PRELOAD": library, "FAKETIME": offset, "FAKETIME_DONT_FAKE_MONOTONIC": "1"] : [:])
            let client = try service.client()
            for step in 0..<3 {
                let revision =
                    try client.result("state.save", saving("u", step: "s\(step)"))["revision"]?.integerValue ?? 0
                #expect(revision > last, "round \(round), the clock at \(offset)")
                last = revision
            }
            let state = try #require(try client.result("state.load", conversation("u"))["state"])
            #expect(state["step"] == "s2")
            let started = try #require(state["started_at"]?.stringValue)
            #expect(started > startedAt, "two conversations began at \(started)")
            startedAt = started
            let cleared =
                try client.result("state.clear", conversation("u", ["reason": "cancelled"]))["revision"]?.integerValue
                ?? 0
            #expect(cleared > last)
            last = cleared
            if round.isMultiple(of: 2) { try service.kill() } else { try service.stop() }
        }
    }

    @Test func `A tombstone: keeps nothing that was typed`() throws {
        let service = try running(.state)
        _ = try service.client().result("state.save", saving("u", data: ["nickname": "Geheimnis"]))
        _ = try service.client().result("state.clear", conversation("u", ["reason": "completed"]))
        try service.stop()
        let rows = try Database(service.databasePath).rows(
            "SELECT state_data, closed, expires_at <= updated_at FROM conversation_states")
        #expect(rows == [["{}", "1", "1"]])
    }

    @Test func `An untouched conversation: expires`() async throws {
        let service = try running(.state, ["RIVET_CONVERSATION_TTL": "300ms"])
        let client = try service.client()
        let first = try client.result("state.save", saving("u", data: ["nickname": "Pump"], update: 1))
        try await eventually("the conversation expires") {
            try client.result("state.load", conversation("u"))["state"] == .null
        }
        #expect(try client.result("state.clear", conversation("u", ["reason": "expired"]))["cleared"] == false)
        let next = try client.result("state.save", saving("u", update: 2, ["expected_revision": 0]))
        #expect(try #require(next["revision"]?.integerValue) > #require(first["revision"]?.integerValue))
        try await eventually("it expires again") {
            try client.result("state.load", conversation("u"))["state"] == .null
        }
        #expect(try client.result("state.sweep")["deleted"] == 1)
        #expect(try client.result("state.sweep")["deleted"] == 0)
    }

    @Test func `An expired conversation: reported once more, and it can be continued`() async throws {
        let service = try running(.state, ["RIVET_CONVERSATION_TTL": "300ms"])
        let client = try service.client()
        _ = try client.result("state.save", saving("u", step: "model", data: ["nickname": "Pump"], update: 1))
        let state = try client.result("state.load", conversation("u"))["state"]
        let sentAt = try #require(state?["updated_at"])
        try await eventually("the conversation expires") {
            try client.result("state.load", conversation("u"))["state"] == .null
        }
        #expect(try client.result("state.sweep")["deleted"] == 1)
        let rows = try Database(service.databasePath).rows("SELECT state_data, closed FROM conversation_states")
        #expect(rows == [["{}", "1"]])
        let told = try client.result("state.load", conversation("u", ["update_id": 2]))
        #expect(told["state"] == .null && told["last_clear"]?["reason"] == "expired")
        #expect(told["last_clear"]?["step"] == "model" && told["last_clear"]?["data"] == ["nickname": "Pump"])
        #expect(try client.result("state.load", conversation("u")) == ["state": nil])
        // A message sent in time and received late continues the conversation as if nothing had expired.
        let found = try client.result("state.load", conversation("u", ["sent_at": sentAt]))["state"]
        #expect(found?["step"] == "model" && found?["started_at"] == state?["started_at"])
        let saved = try client.result(
            "state.save",
            saving(
                "u", step: "serial", data: ["nickname": "Pump"], update: 2,
                ["sent_at": sentAt, "expected_revision": try #require(found?["revision"])]))
        #expect(try #require(saved["revision"]?.integerValue) > #require(state?["revision"]?.integerValue))
        let after = try client.result("state.load", conversation("u", ["sent_at": sentAt]))["state"]
        #expect(after?["step"] == "serial" && after?["started_at"] == state?["started_at"])
        let refused = try client.call("state.load", conversation("u", ["sent_at": "yesterday"]))
        let error = #expect(throws: RPCError.self) { try refused.get() }
        #expect(error?.code == .invalidArgument && error?.field == "sent_at")
    }

    @Test func `Expired conversations: swept on schedule`() async throws {
        let service = try running(.state, ["RIVET_CONVERSATION_TTL": "200ms", "RIVET_SWEEP_INTERVAL": "300ms"])
        for user in 0..<5 { _ = try service.client().result("state.save", saving("u\(user)")) }
        let database = try Database(service.databasePath)
        try await eventually("the sweep") {
            try database.rows("SELECT count(*) FROM conversation_states WHERE closed = 1") == [["5"]]
        }
        try await eventually("the log tells of it") { service.log.contains("expired conversations removed") }
    }

    @Test func `A sweep of many conversations: delays no other call`() async throws {
        // Longer than any save takes: the live conversation must not expire.
        let service = try running(.state, ["RIVET_CONVERSATION_TTL": "5s"])
        let client = try service.client()
        for user in 0..<500 {
            try client.send("state.save", saving("old\(user)", data: ["notes": .string(of: "x", 1_000)]))
        }
        for _ in 0..<500 { _ = try client.response() }
        try await eventually("all have expired") { try client.result("state.list")["conversations"]?.count == 0 }
        let sweeper = try service.client()
        try sweeper.send("state.sweep")
        var longest = Duration.zero
        for step in 0..<50 {
            longest = max(
                longest,
                try ContinuousClock().measure { _ = try client.result("state.save", saving("live", step: "s\(step)")) })
        }
        #expect(try sweeper.response()["result"]?["deleted"] == 500)
        #expect(longest < .seconds(1))
        #expect(try client.result("state.load", conversation("live"))["state"]?["step"] == "s49")
    }

    @Test func `A list: paged, one type at a time, without closed conversations`() throws {
        let client = try running(.state).client()
        for user in 0..<25 {
            _ = try client.result("state.save", saving("u\(user)", ["conversation_type": "outbox"]))
        }
        _ = try client.result("state.save", saving("other"))
        _ = try client.result(
            "state.clear", conversation("u3", ["conversation_type": "outbox", "reason": "completed"]))
        var users: [String] = []
        var cursor: JSONValue = .null
        repeat {
            let page = try client.result("state.list", ["conversation_type": "outbox", "limit": 10, "cursor": cursor])
            users += (page["conversations"]?.arrayValue ?? []).compactMap { $0["user_id"]?.stringValue }
            cursor = page["next_cursor"] ?? .null
        } while cursor != .null
        #expect(users == (0..<25).filter { $0 != 3 }.map { "u\($0)" }.sorted())
        #expect(try client.result("state.list")["conversations"]?.count == 1)
    }

    @Test func `Conversations with different keys: independent`() throws {
        let client = try running(.state).client()
        _ = try client.result("state.save", saving("u", step: "a", update: 1))
        _ = try client.result("state.save", saving("u", step: "b", update: 1, ["conversation_type": "t"]))
        _ = try client.result("state.save", saving("u", step: "c", update: 1, ["chat_id": "u:7"]))
        _ = try client.result("state.clear", conversation("u", ["reason": "cancelled", "conversation_type": "t"]))
        #expect(try client.result("state.load", conversation("u"))["state"]?["step"] == "a")
        #expect(try client.result("state.load", conversation("u", chat: "u:7"))["state"]?["step"] == "c")
        #expect(try client.result("state.load", conversation("u", ["conversation_type": "t"]))["state"] == .null)
    }
}
