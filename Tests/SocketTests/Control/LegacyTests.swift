import Contracts
import Foundation
import TestSupport
import Testing

/// The earlier bot's open conversations continue with Rivet.
@Suite(.withProcesses)
struct LegacyTests {
    private let directory: TestDirectory
    private var path: String { directory.path + "/rivet_conversation_states.db" }

    init() throws {
        directory = try TestDirectory()
        // As the earlier bot's `_ensure_sqlite_schema` made it.
        try Database(path).rows(
            """
            CREATE TABLE IF NOT EXISTS conversation_states (
                user_id TEXT NOT NULL, chat_id TEXT NOT NULL, conversation_type TEXT NOT NULL DEFAULT 'add_machine',
                current_step TEXT NOT NULL, state_data TEXT NOT NULL DEFAULT '{}',
                started_at TEXT DEFAULT CURRENT_TIMESTAMP, updated_at TEXT DEFAULT CURRENT_TIMESTAMP, expires_at TEXT,
                PRIMARY KEY (user_id, chat_id, conversation_type))
            """)
    }

    /// Writes rows as the earlier bot's `save_state` did some hours ago.
    private func save(
        _ user: String, step: String = "model", data: String = #"{"nickname": "Pump", "manufacturer": null}"#,
        hoursLeft: Int = 23
    ) throws {
        try save([user], step: step, data: data, hoursLeft: hoursLeft)
    }

    private func save(_ users: [String], step: String, data: String, hoursLeft: Int) throws {
        func python(_ hours: Int) -> String { "strftime('%Y-%m-%dT%H:%M:%f123', 'now', '\(hours) hours')" }
        let rows = users.map { user in
            """
            ('\(user)', '\(user)', 'add_machine', '\(step)', '\(data)', \(python(hoursLeft - 24)), \(python(hoursLeft)))
            """
        }
        try Database(path).rows(
            """
            INSERT OR REPLACE INTO conversation_states
                (user_id, chat_id, conversation_type, current_step, state_data, updated_at, expires_at)
            VALUES \(rows.joined(separator: ","))
            """)
    }

    private func step(_ user: String, _ service: RivetProcess) throws -> String? {
        try service.client().result("state.load", conversation(user))["state"]?["step"]?.stringValue
    }

    @Test func `The command: imports the open conversations`() throws {
        let services = try StoringServices()
        try services.state.start()
        try save("7")
        try save("8", step: "serial")
        try save("9", data: #"{"nickname": "#)
        try save("10", hoursLeft: -1)
        let run = try services.control("import-legacy", path)
        #expect(run.exitCode == 0)
        #expect(
            run.lines == [
                "2 conversations imported, 1 expired, 1 unreadable and left out",
                "rivetctl: left out user 9 in chat 9: state_data is no JSON: unexpected end at byte 13",
            ])
        let state = try services.state.client().result("state.load", conversation("7"))["state"]
        #expect(state?["step"] == "model" && state?["data"] == ["nickname": "Pump", "manufacturer": nil])
        #expect(try step("8", services.state) == "serial" && step("9", services.state) == nil)

        // Once more: nothing is new, and a conversation that ended in the meantime does not return.
        _ = try services.state.client().result("state.clear", conversation("8", ["reason": "cancelled"]))
        _ = try services.state.client().result("state.save", saving("7", step: "location"))
        let again = try services.control("import-legacy", path, "--json")
        #expect(try again.exitCode == 0 && again.json["imported"] == 0 && again.json["known"] == 2)
        #expect(try step("7", services.state) == "location" && step("8", services.state) == nil)
        #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
    }

    @Test func `Many rows: imported in pages`() throws {
        let services = try StoringServices()
        try services.state.start()
        let long = #"{"nickname": "Pump", "notes": "\#(String(repeating: "x", count: 20_000))"}"#
        try save((0..<130).map { "\($0)" }, step: "notes", data: long, hoursLeft: 20)
        let run = try services.control("import-legacy", path, "--json")
        #expect(try run.json["imported"] == 130, "\(run.text)")
        let page = try services.state.client().result("state.list", ["limit": 3])
        #expect(page["conversations"]?.count == 3)
    }

    @Test func `A file that is no database of the earlier bot: explained`() throws {
        let services = try StoringServices()
        try services.state.start()
        try directory.write(String(repeating: "no database ", count: 400), to: "junk.db")
        for path in ["/nonexistent/legacy.db", directory.path + "/junk.db"] {
            let run = try services.control("import-legacy", path)
            #expect(run.exitCode == 1 && run.errors.count == 1)
            #expect(run.errors.first?.contains("Is it the earlier bot's file") == true)
        }
        try services.state.stop()
        try save("7")
        #expect(try services.control("import-legacy", path).exitCode == 2)
    }

    @Test func `The call: refuses bad conversations`() throws {
        let client = try running(.state).client()
        #expect(try client.refusal("state.import").field == "conversations")
        #expect(try client.refusal("state.import", ["conversations": [["user_id": "7"]]]).field == "chat_id")
        #expect(try client.result("state.import", ["conversations": []]) == ["imported": 0])
    }

    @Test func `The service: imports them once at its start`() throws {
        let state = try made(.state, ["RIVET_LEGACY_SQLITE": path])
        try save("7")
        try save("9", data: "[")
        try state.start()
        #expect(try step("7", state) == "model" && step("9", state) == nil)
        #expect(state.log.contains("imported=1") && state.log.contains("state_data is no JSON"))

        try save("8")
        try state.restart()
        #expect(try step("7", state) == "model" && step("8", state) == nil)
        try state.stop()
        let facts = try Database(state.databasePath).rows("SELECT name FROM store_facts WHERE name LIKE 'legacy%'")
        #expect(facts == [["legacy_imported \(path)"]])
    }

    @Test func `A file that is missing or broken: does not stop the service`() throws {
        let missing = directory.path + "/later.db"
        let state = try made(.state, ["RIVET_LEGACY_SQLITE": missing])
        try state.start()
        #expect(state.log.contains("RIVET_LEGACY_SQLITE names a file that is not there"))
        try state.stop()
        // The file may appear later.
        try directory.write(String(repeating: "no database ", count: 400), to: "later.db")
        try state.start()
        #expect(state.log.contains("the earlier bot's file cannot be read") && state.log.contains("import-legacy"))
        try state.stop()
        try save("7")
        try FileManager.default.removeItem(atPath: missing)
        try FileManager.default.copyItem(atPath: path, toPath: missing)
        try state.start()
        #expect(try step("7", state) == "model")
    }
}
