import Contracts
import Foundation
import Synchronization
import TestSupport
import Testing

/// An acknowledged write survives a kill at any moment.
@Suite(.serialized, .withProcesses)
struct DurabilityTests {
    /// What one client knows of one key: the last acknowledged step and its revision.
    struct Told: Sendable {
        var step = -1
        var revision: Int64 = 0
        /// The last step that was sent, acknowledged or not.
        var sent = -1
    }

    static let clients = 256
    static let threads = 8

    @Test func `An acknowledged save: survives a kill`() throws {
        var random = SeededGenerator("An acknowledged save")
        let service = try running(.state)
        let told = Mutex([Told](repeating: Told(), count: Self.clients))
        for round in 1...10 {
            let killAfter = Int.random(in: 0...2_000, using: &random)
            let acknowledged = Atomic(0)
            let (process, before) = (try service.process, told.withLock { $0 })
            _ = try onThreads(Self.threads) { thread in
                let own = stride(from: thread, to: Self.clients, by: Self.threads)
                let clients = try own.map { user in (user, try service.client()) }
                do {
                    for iteration in 1... {
                        for (user, client) in clients {
                            let step = before[user].sent + iteration
                            told.withLock { $0[user].sent = step }
                            try client.send(
                                "state.save",
                                saving("u\(user)", step: "s\(step)", data: Self.data(user, step), update: Int64(step)))
                        }
                        for (user, client) in clients {
                            let revision = try client.response()["result"]?["revision"]?.integerValue
                            let step = before[user].sent + iteration
                            told.withLock { all in
                                if let revision { (all[user].step, all[user].revision) = (step, revision) }
                            }
                            if acknowledged.add(1, ordering: .relaxed).newValue == killAfter + 1 {
                                process.signal(SIGKILL)
                            }
                        }
                    }
                } catch is FrameClient.Failure {
                    // The service was killed.
                }
            }
            process.wait()
            try service.start()
            let client = try service.client()
            for (user, told) in told.withLock({ $0 }).enumerated() where told.sent >= 0 {
                let state = try client.result("state.load", conversation("u\(user)"))["state"] ?? .null
                guard state != .null else {
                    #expect(told.step == -1, "round \(round), u\(user): acknowledged step \(told.step) is gone")
                    continue
                }
                let step = try #require(Int(state["step"]?.stringValue?.dropFirst() ?? ""))
                #expect(step >= told.step && step <= told.sent, "round \(round), u\(user): \(step), told \(told)")
                #expect(try #require(state["revision"]?.integerValue) >= told.revision, "round \(round), u\(user)")
                #expect(state["data"] == Self.data(user, step), "round \(round), u\(user): half a save")
                #expect(state["update_id"] == .integer(Int64(step)))
            }
        }
        try service.stop()
        #expect(try Database(service.databasePath).rows("PRAGMA integrity_check") == [["ok"]])
    }

    private static func data(_ user: Int, _ step: Int) -> JSONValue {
        [
            "nickname": .string("Pump \(user)"), "step": .integer(Int64(step)),
            "notes": .string(of: "é\(step % 10)", 200),
        ]
    }

    /// The response is lost at the two worst moments; the same update sent again is applied exactly once.
    @Test(arguments: ["store.before-commit", "store.after-commit"])
    func `A save whose response was lost: applied once`(_ point: String) throws {
        let service = try running(.state)
        let first = try service.client().result("state.save", saving("u", step: "a", update: 1))
        try service.stop()
        try service.start(["RIVET_KILL_AT": point])
        let params = saving(
            "u", step: "b", data: ["n": 1], update: 2, ["expected_revision": first["revision"] ?? .null])
        #expect(throws: (any Error).self) { try service.client().result("state.save", params) }
        #expect(try service.process.wait() == 128 + SIGKILL)
        try service.start()
        let client = try service.client()
        let wasCommitted = try client.result("state.load", conversation("u"))["state"]?["step"] == "b"
        #expect(wasCommitted == (point == "store.after-commit"))
        let answer = try client.result("state.save", params)
        #expect(try client.result("state.save", params)["revision"] == answer["revision"])
        let state = try client.result("state.load", conversation("u"))["state"]
        #expect(state?["step"] == "b" && state?["revision"] == answer["revision"])
    }

    @Test(arguments: ["store.before-commit", "store.after-commit"])
    func `A clear whose response was lost: applied once`(_ point: String) throws {
        let service = try running(.state)
        _ = try service.client().result("state.save", saving("u", update: 1))
        try service.stop()
        try service.start(["RIVET_KILL_AT": point])
        let params = conversation("u", ["reason": "completed", "update_id": 2, "outcome": "m"])
        #expect(throws: (any Error).self) { try service.client().result("state.clear", params) }
        #expect(try service.process.wait() == 128 + SIGKILL)
        try service.start()
        let client = try service.client()
        #expect(try client.result("state.clear", params)["cleared"] == true)
        #expect(
            try client.result("state.load", conversation("u", ["update_id": 2]))["applied"]?["cleared"]?["outcome"]
                == "m")
    }

    @Test(arguments: ["store.before-commit", "store.after-commit"])
    func `An addition whose response was lost: made once`(_ point: String) throws {
        let service = try made(.library)
        try service.start(["RIVET_KILL_AT": point])
        let params = adding("u", "Pump", ["notes": "<b>_*["])
        #expect(throws: (any Error).self) { try service.client().result("library.add", params) }
        #expect(try service.process.wait() == 128 + SIGKILL)
        try service.start()
        let client = try service.client()
        let machine = try client.result("library.add", params)["machine"]
        #expect(machine?["notes"] == "<b>_*[")
        #expect(try client.result("library.add", params)["machine"] == machine)
        #expect(try client.result("library.list", ["user_id": "u"])["total"] == 1)
    }

    @Test func `An acknowledged machine: survives a kill`() throws {
        var random = SeededGenerator("An acknowledged machine")
        let service = try running(.library)
        var expected: Set<String> = []
        for round in 1...5 {
            let killAfter = Int.random(in: 0...300, using: &random)
            let acknowledged = Atomic(0)
            let process = try service.process
            let added = try onThreads(16) { thread in
                var added: [String] = []
                do {
                    let client = try service.client()
                    for call in 0... {
                        let machine = try client.result("library.add", adding("u", "M \(round)-\(thread)-\(call)"))[
                            "machine"]
                        added.append(machine?["id"]?.stringValue ?? "")
                        if acknowledged.add(1, ordering: .relaxed).newValue == killAfter + 1 { process.signal(SIGKILL) }
                    }
                } catch is FrameClient.Failure {
                    // The service was killed.
                }
                return added
            }
            expected.formUnion(added.joined())
            process.wait()
            try service.start()
            var found: Set<String> = []
            var cursor: JSONValue = .null
            var total: Int64 = 0
            repeat {
                let page = try service.client().result(
                    "library.list", ["user_id": "u", "limit": 100, "cursor": cursor])
                found.formUnion((page["machines"]?.arrayValue ?? []).compactMap { $0["id"]?.stringValue })
                (cursor, total) = (page["next_cursor"] ?? .null, page["total"]?.integerValue ?? 0)
            } while cursor != .null
            #expect(expected.isSubset(of: found), "round \(round): \(expected.subtracting(found).count) are gone")
            #expect(found.count == Int(total))
        }
    }
}
