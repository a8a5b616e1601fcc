import Contracts
import Foundation
import TestSupport
import Testing

/// SQLite's log that grows because an operator's sqlite3 shell is in a transaction.
@Suite(.withProcesses)
struct HeldLogTests {
    @Test func `A shell that holds a snapshot: health is degraded, and doctor names it until it ends`() async throws {
        let services = try StoringServices()
        try services.start()
        let client = try services.state.client()
        _ = try client.result("state.save", saving("u"))
        #expect(try client.result("service.health")["counters"]?["disk.log_bytes"]?.integerValue ?? 0 > 0)
        let shell = try SQLiteShell(services.state.databasePath)
        try await shell.run("BEGIN; SELECT count(*) FROM conversation_states;", answers: "1")
        let filler = JSONValue.object(["notes": .string(String(repeating: "x", count: 250_000))])
        for user in 0..<300 {
            _ = try client.result(
                "state.save",
                [
                    "user_id": .string("\(user)"), "chat_id": "1", "conversation_type": "photo", "step": "s",
                    "data": filler,
                ])
        }
        try await eventually("it is known that the log is held") {
            let health = try client.result("service.health")
            return health["status"] == "degraded"
                && health["detail"]?.stringValue?.contains("another program reads the database in one transaction")
                    == true
        }
        let counters = try client.result("service.health")["counters"]
        #expect(counters?["disk.log_bytes"]?.integerValue ?? 0 > 64 << 20)
        #expect(counters?["disk.log_held_s"] != nil)
        let doctor = try services.control("doctor")
        #expect(
            doctor.text.contains("and cannot be emptied: process \(shell.process.processID) (sqlite3) reads it"),
            "\(doctor.text)")
        let text = try services.control("health").text
        #expect(text.contains("rivetctl doctor says which one, end that transaction"), "\(text)")
        try shell.end()
        try await eventually("the log is cut") { try client.result("service.health")["status"] == "ok" }
        #expect(try !services.control("doctor").text.contains("cannot be emptied"))
    }
}
