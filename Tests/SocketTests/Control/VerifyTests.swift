import Contracts
import Foundation
import TestSupport
import Testing

/// `rivetctl verify` beside running services.
@Suite(.withProcesses, .enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
struct VerifyTests {
    /// One change by SQL for each kind of difference.
    private static func plantedDifferences(_ machines: [String]) -> [String] {
        [
            // As in a tier without triggers: with them, a change by SQL gets a newer revision and is no difference of
            // content.
            "ALTER TABLE conversation_states DISABLE TRIGGER USER",
            "ALTER TABLE user_machines DISABLE TRIGGER USER",
            "DELETE FROM conversation_states WHERE user_id = '1'",
            """
            UPDATE conversation_states SET revision = revision - (1000::bigint << 16),
                updated_at = updated_at - interval '1 s' WHERE user_id = '2'
            """,
            "UPDATE conversation_states SET revision = revision + 1 WHERE user_id = '3'",
            "UPDATE conversation_states SET current_step = 'notes' WHERE user_id = '4'",
            "UPDATE conversation_states SET state_data = '[]' WHERE user_id = '5'",
            """
            INSERT INTO conversation_states (user_id, chat_id, current_step, revision)
            VALUES ('only there', '1', 'model', 5)
            """,
            "DELETE FROM user_machines WHERE machine_id = '\(machines[0])'",
            "UPDATE user_machines SET notes = 'x', location = NULL WHERE machine_id = '\(machines[1])'",
            // This row records the machine that was deleted here.
            "DELETE FROM deleted_user_machines",
        ]
    }

    @Test func `Every difference: found, and nothing else is reported`() async throws {
        let (neon, supabase) = (try await PlainDatabase(), try await PlainDatabase())
        let services = try StoringServices(["NEON_DATABASE_URL": neon.url, "SUPABASE_DATABASE_URL": supabase.url])
        try services.start()
        let machines = try fill(services)
        try await services.settle()

        let equal = try services.control("verify", "--json")
        #expect(equal.exitCode == 0, "\(equal.text)")
        for tier in ["neon", "supabase"] {
            #expect(try equal.json["tiers"]?[tier]?["conversations"] == ["compared": 9, "different": 0])
            #expect(try equal.json["tiers"]?[tier]?["machines"] == ["compared": 6, "different": 0])
        }

        for sql in Self.plantedDifferences(machines) { try await neon.rows(sql) }
        let found = try services.control("verify", "--json")
        #expect(found.exitCode == 1)
        let differences = try found.json["differences"]?.arrayValue ?? []
        let described = differences.map { difference in
            let key = difference["key"]?.stringValue ?? difference["key"]?[0]?.stringValue ?? ""
            return "\(difference["what"]?.stringValue ?? "") \(key)"
        }
        #expect(
            Set(described) == [
                "missing 1", "older 2", "newer 3", "content 4", "unreadable 5", "extra only there",
                "missing \(machines[0])", "content \(machines[1])", "missing \(machines[2])",
            ])
        #expect(differences.count == 9 && differences.allSatisfy { $0["tier"] == "neon" })
        #expect(differences.first { $0["what"] == "content" }?["fields"] == ["step"])
        #expect(differences.last { $0["what"] == "content" }?["fields"] == ["texts"])
        #expect(try found.json["tiers"]?["supabase"]?["machines"]?["different"] == 0)

        let few = try services.control("verify", "--limit", "2")
        #expect(few.exitCode == 1 && few.lines.last == "and 7 more; --limit shows more of them")
        #expect(few.lines.count { $0.hasPrefix("neon: ") } == 2)

        // The services correct the planted differences, except rows that cannot be read.
        #expect(try services.control("pull").exitCode == 0)
        let left = try services.control("verify", "--json")
        #expect(
            try Set(left.json["differences"]?.arrayValue?.compactMap { $0["what"]?.stringValue } ?? [])
                == ["unreadable"], "\(left.text)")
        // The remedy that the help describes.
        let makeOld = "SET revision = 1, updated_at = '1970-01-02'"
        for sql in [
            "ALTER TABLE conversation_states ENABLE TRIGGER USER", "ALTER TABLE user_machines ENABLE TRIGGER USER",
            "UPDATE conversation_states \(makeOld) WHERE user_id IN ('4', '5')",
            "UPDATE user_machines \(makeOld) WHERE machine_id = '\(machines[1])'",
        ] { try await neon.rows(sql) }
        #expect(try services.control("pull").exitCode == 0)
        let corrected = try services.control("verify")
        #expect(corrected.exitCode == 0, "\(corrected.text)")
    }

    /// Conversations of all kinds, and machines.
    /// - Returns: the IDs of two live machines and of a deleted one.
    private func fill(_ services: StoringServices) throws -> [String] {
        let state = try services.state.client()
        for user in 1...6 {
            _ = try state.result(
                "state.save", saving("\(user)", step: "model", data: ["nickname": "Pümp 1"], update: Int64(user)))
        }
        // PostgreSQL spells these numbers differently, and orders these keys differently.
        let numbers: JSONValue = ["a": .decimal("1e2"), "b": .decimal("1.10"), "c": [.decimal("-0.0")]]
        _ = try state.result("state.save", saving("é", data: numbers, ["chat_id": "-100:5"]))
        _ = try state.result("state.save", saving("Z", data: [:], ["conversation_type": "photo"]))
        _ = try state.result("state.save", saving("cleared", update: 90))
        _ = try state.result(
            "state.clear",
            conversation("cleared", ["reason": "completed", "update_id": 91, "outcome": ["n": .decimal("1E1")]]))
        let library = try services.library.client()
        let ids = try (0..<6).map { number in
            let ocr: JSONValue = ["ocr_data": ["raw": "é", "n": .decimal("1.50")], "location": "Hall"]
            let added = try library.result(
                "library.add", adding("7", "Pump \(number)", ocr.objectValue ?? [:]))
            return try #require(added["machine"]?["id"]?.stringValue)
        }
        _ = try library.result("library.delete", ["user_id": "7", "id": .string(ids[5])])
        return [ids[0], ids[1], ids[5]]
    }

    @Test func `A tier that cannot be read: does not stop the others`() async throws {
        let neon = try await PlainDatabase()
        let services = try StoringServices(["NEON_DATABASE_URL": neon.url])
        try services.start()
        try await services.settle()
        let nowhere = "postgresql://rivet:hush@127.0.0.1:9/rivet"
        let run = try services.control("verify", settings: ["RAILWAY_DATABASE_URL": nowhere])
        #expect(run.exitCode == 2 && run.errors.count == 1 && !run.text.contains("hush"))
        #expect(run.errors.first?.hasPrefix("rivetctl: railway: ") == true)
        #expect(run.errors.first?.contains("Does it run, and can it be reached from here?") == true)
        #expect(run.lines.contains { $0.hasPrefix("neon") && $0.hasSuffix(" 0") })

        let empty = try await PlainDatabase()
        let older = try services.control("verify", settings: ["RAILWAY_DATABASE_URL": empty.url])
        #expect(older.exitCode == 2)
        #expect(older.errors.first?.contains("railway has not had migration 2, 4, 6") == true)
        #expect(try await empty.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").isEmpty)

        let nothing = try services.control("verify", settings: ["NEON_DATABASE_URL": ""])
        #expect(nothing.exitCode == 78 && nothing.errors.first?.contains("no PostgreSQL tier is configured") == true)
        let lost = try services.control("verify", "--state-dir", "/nonexistent")
        #expect(lost.exitCode == 2 && lost.errors.first?.contains("/nonexistent/state.db") == true)
    }

    /// Writes on their way to a tier are not reported as differences.
    @Test func `Live traffic: no difference`() async throws {
        let (neon, supabase) = (try await PlainDatabase(), try await PlainDatabase())
        let services = try StoringServices(["NEON_DATABASE_URL": neon.url, "SUPABASE_DATABASE_URL": supabase.url])
        try services.start()
        let saves = RepeatedCall({ try services.state.client() }) { client, number in
            _ = try client.result("state.save", saving("\(number % 500)", data: ["n": .integer(Int64(number))]))
        }
        try await eventually("the first save is answered") { saves.count > 0 }
        try await services.settleMostly()
        let run = try services.control("verify")
        #expect(try await saves.stop() > 0)
        #expect(run.exitCode == 0, "\(run.text)")
    }
}
