import Contracts
import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// `rivetctl backup` while clients write without a pause.
@Suite(.serialized, .withProcesses)
struct BackupUnderLoadTests {
    /// The number of conversations that several tasks have completed, and whether they should end.
    private final class Tally: Sendable {
        private let state = Mutex((count: 0, isEnding: false))
        var count: Int { state.withLock { $0.count } }
        var isEnding: Bool { state.withLock { $0.isEnding } }
        func add() { state.withLock { $0.count += 1 } }
        func end() { state.withLock { $0.isEnding = true } }
    }

    private static let clients = 64
    private static let backups = 4

    /// - Parameter isKilled: whether the service is killed during each backup.
    @Test(arguments: [false, true])
    func `A backup under saving clients: has each acknowledged save, and no half of one`(_ isKilled: Bool) async throws
    {
        var random = SeededGenerator("A backup under saving clients")
        let services = try StoringServices()
        try services.start()
        let clients = SavingClients(count: Self.clients)
        for round in 1...Self.backups {
            let killAfter = UInt32.random(in: 0...60_000, using: &random)
            let service = try services.state.process
            let name = "backup-\(round)"
            let (before, made) = try await clients.save(to: services.state) {
                let before = clients.told
                if isKilled {
                    Thread.detachNewThread {
                        usleep(killAfter)
                        service.signal(SIGKILL)
                    }
                }
                return (before, try services.backUp(name))
            }
            try #require(made.exitCode == 0, "\(made.text)")
            let copy = try Database("\(services.state.directory.path)/\(name)/state.db")
            let rows = try copy.rows("SELECT user_id, state_data, last_update_id FROM conversation_states")
            #expect(rows.count == Self.clients)
            let after = clients.told
            for row in rows {
                let (user, step) = (try #require(row[0].flatMap { Int($0) }), try #require(row[2].flatMap { Int($0) }))
                #expect(step >= before[user].step, "user \(user): an acknowledged save is missing")
                #expect(step <= after[user].sent, "user \(user)")
                #expect(
                    try JSONValue(parsing: row[1] ?? "") == SavingClients.data(user, step), "user \(user): half a save")
            }
            if isKilled {
                service.killNow()
                try services.state.start()
            }
        }
        #expect(try services.state.stop() == 0)
        #expect(try Database(services.state.databasePath).rows("PRAGMA integrity_check") == [["ok"]])
    }

    /// As the gateway does it: the machine is added to the library, then the conversation is cleared.
    @Test func `A backup while conversations complete: no machine is lost between its two copies`() async throws {
        let services = try StoringServices()
        try services.start()
        let completed = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    let (state, library) = (try services.state.client(), try services.library.client())
                    for number in 0... {
                        let user = "\(thread)-\(number)"
                        _ = try state.result("state.save", saving(user, step: "notes", update: 1))
                        _ = try library.result("library.add", adding(user, "Pump"))
                        _ = try state.result(
                            "state.clear", conversation(user, ["reason": "completed", "update_id": 2]))
                        completed.add()
                        if completed.isEnding { break }
                    }
                }
            }
            for round in 1...Self.backups {
                let enough = completed.count + 50
                try await eventually("conversations are completed") { completed.count >= enough }
                let made = try services.backUp("backup-\(round)")
                #expect(made.exitCode == 0, "\(made.text)")
            }
            completed.end()
            try await group.waitForAll()
        }
        for round in 1...Self.backups {
            let directory = "\(services.state.directory.path)/backup-\(round)"
            let cleared = try Database(directory + "/state.db").rows(
                "SELECT user_id FROM conversation_states WHERE closed")
            let kept = Set(try Database(directory + "/library.db").rows("SELECT user_id FROM user_machines"))
            #expect(cleared.count >= 50)
            #expect(cleared.filter { !kept.contains($0) } == [], "backup \(round)")
        }
    }
}
