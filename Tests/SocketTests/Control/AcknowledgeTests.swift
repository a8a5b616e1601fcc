import Contracts
import Foundation
import Glibc
import TestSupport
import Testing

/// A destroyed database or an unreadable row: reported until an operator acknowledges it.
@Suite(.withProcesses)
struct AcknowledgeTests {
    private func health(_ rivet: RivetUnderTest) throws -> RivetctlRun { try control(rivet, "health") }

    private func control(_ rivet: RivetUnderTest, _ arguments: String...) throws -> RivetctlRun {
        let directory = rivet.state.directory
        return try RivetctlRun(
            arguments,
            ["RIVET_STATE_DIR": rivet.state.stateDirectory, "RIVET_RUNTIME_DIR": directory.path + "/run"], in: directory
        )
    }

    /// Waits until `rivetctl health` exits with `exitCode`. The gateway is ok only after Telegram has responded.
    private func stableHealth(_ rivet: RivetUnderTest, _ exitCode: Int32) async throws -> RivetctlRun {
        try await eventually("rivetctl health exits with \(exitCode)") { try health(rivet).exitCode == exitCode }
        return try health(rivet)
    }

    @Test func `A library that was destroyed: degraded until acknowledged, over restarts`() async throws {
        try await RivetUnderTest.run { rivet in
            _ = try rivet.library.client().result("library.add", adding("7", "Pump"))
            _ = try await stableHealth(rivet, 0)
            try rivet.library.stop()
            try rivet.state.directory.write([UInt8](repeating: 0xA5, count: 40_000), to: "state/library.db")
            try rivet.library.start()
            for _ in 0..<2 {
                let degraded = try await stableHealth(rivet, 1)
                #expect(degraded.text.contains("rivet-library: sqlite up; the local database was broken and replaced"))
                #expect(degraded.text.contains("no row could be read"))
                #expect(degraded.text.contains("all else is gone unless you have a backup of it"))
                #expect(degraded.text.contains("rivetctl acknowledge"))
                let health = try rivet.library.client().result("service.health")
                #expect(health["status"] == "degraded" && health["counters"]?["disk.unacknowledged"] == 1)
                try rivet.library.restart()
            }
            let doctor = try control(rivet, "doctor")
            #expect(doctor.text.contains("was broken and moved aside; no row of it could be read"), "\(doctor.text)")

            let run = try control(rivet, "acknowledge")
            #expect(run.exitCode == 0 && run.lines.count == 2, "\(run.text)")
            #expect(run.lines[0] == "rivet-state: nothing to acknowledge")
            #expect(run.lines[1].hasPrefix("rivet-library: acknowledged: the database was replaced at 2"))
            #expect(
                run.lines[1].contains("and 0 rows kept; the broken file is \(rivet.library.databasePath).broken-")
            )
            _ = try await stableHealth(rivet, 0)
            try rivet.library.restart()
            _ = try await stableHealth(rivet, 0)
            let again = try control(rivet, "acknowledge", "--json")
            #expect(try again.exitCode == 0 && again.json["services"]?["rivet-library"] == ["acknowledged": []])
        }
    }

    @Test func `A row that cannot be read: degraded until acknowledged, and the next one degrades again`() async throws
    {
        let state = try running(.state)
        func makeUnreadable(_ user: String) throws {
            _ = try state.client().result("state.save", saving(user, data: ["nickname": "Pump"]))
            try state.stop()
            try Database(state.databasePath).rows(
                "UPDATE conversation_states SET state_data = '{\"nick' WHERE user_id = '\(user)'")
            try state.start()
            _ = try state.client().result("state.load", conversation(user))
        }
        for count in 1...2 {
            try makeUnreadable("u\(count)")
            for _ in 0..<2 {
                let health = try state.client().result("service.health")
                #expect(health["status"] == "degraded")
                #expect(
                    health["detail"]?.stringValue?.contains("1 row that cannot be read was put aside in the table")
                        == true)
                #expect(health["counters"]?["rows.quarantined"] == .integer(Int64(count)))
                try state.restart()
            }
            let found = try state.client().result("store.acknowledge")
            #expect(
                found["acknowledged"] == [
                    ["kind": "rows_quarantined", "file": .string(state.databasePath), "rows": 1, "at": .null]
                ])
            for _ in 0..<2 {
                #expect(try state.client().result("service.health")["status"] == "ok")
                try state.restart()
            }
        }
    }

    @Test func `An acknowledgment while the disk is away: refused, and nothing changes`() throws {
        let state = try made(.state)
        try FileManager.default.createDirectory(
            atPath: state.databasePath, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try state.start()
        #expect(try state.client().refusal("store.acknowledge").code == .unavailable)
        let health = try state.client().result("service.health")
        #expect(health["status"] == "failing")
        #expect(
            health["detail"]?.stringValue?.contains(
                "the local database cannot be opened: open \(state.databasePath): Is a directory") == true)
    }
}
