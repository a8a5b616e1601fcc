import Contracts
import Foundation
import Glibc
import TestSupport
import Testing

/// A full disk: new writes stay in memory only, the results and health say so, and the disk gets them when it has room
/// again.
@Suite(.serialized, .withProcesses)
struct DiskTroubleTests {
    /// A service whose databases lie on a small disk that only this test uses.
    private func onSmallDisk(
        _ binary: RivetBinary, _ environment: [String: String] = [:]
    ) throws -> (service: RivetProcess, disk: SmallDisk)? {
        let directory = try TestDirectory()
        guard let disk = SmallDisk(bytes: 4 * 1_048_576, at: directory.path + "/disk") else {
            print("not tested: only root may mount a small disk to fill")
            return nil
        }
        let service = try made(
            binary, environment.merging(["RIVET_STATE_DIR": disk.path]) { own, _ in own }, in: directory)
        try service.start()
        return (service, disk)
    }

    private func pending(_ client: FrameClient) throws -> Int64? {
        try client.result("service.health")["tiers"]?[0]?["pending"]?.integerValue
    }

    /// One member of each item over all pages of a list.
    private func all(
        _ items: String, _ member: String, _ client: FrameClient, _ method: String, _ params: [String: JSONValue]
    ) throws -> [String] {
        var found: [String] = []
        var cursor: JSONValue = .null
        repeat {
            let page = try client.result(method, params.merging(["cursor": cursor]) { $1 })
            found += (page[items]?.arrayValue ?? []).compactMap { $0[member]?.stringValue }
            cursor = page["next_cursor"] ?? .null
        } while cursor != .null
        return found
    }

    @Test func `Conversations on a full disk: served from memory, and stored when there is room`() async throws {
        guard let (service, disk) = try onSmallDisk(.state) else { return }
        let client = try service.client()
        _ = try client.result("state.save", saving("before", update: 1))
        disk.fill()
        // Free space inside the files is used up first.
        var inMemory: [(user: String, revision: Int64)] = []
        var durable: [String] = []
        for number in 0... {
            let saved = try client.result(
                "state.save", saving("u\(number)", data: ["notes": .string(of: "x", 4_000)], update: 7))
            if saved["durable"] == true {
                durable.append("u\(number)")
                continue
            }
            #expect(saved["stored_in"] == ["memory"])
            inMemory.append(("u\(number)", saved["revision"]?.integerValue ?? 0))
            if inMemory.count == 50 { break }
        }
        let health = try client.result("service.health")
        #expect(health["status"] == "failing" && health["tiers"]?[0]?["state"] != "up")
        #expect(health["tiers"]?[0]?["pending"] == .integer(50))
        #expect(health["tiers"]?[0]?["last_error"]?.stringValue?.isEmpty == false)
        #expect(health["detail"]?.stringValue?.contains("50") == true)
        // All other calls work: loads, repeated saves, clears, lists, sweeps.
        #expect(try client.result("state.load", conversation("before"))["state"]?["step"] == "nickname")
        let first = try client.result("state.load", conversation(inMemory[0].user, ["update_id": 7]))
        #expect(first["state"]?["stored_in"] == ["memory"] && first["applied"] == ["cleared": nil])
        let again = try client.result("state.save", saving(inMemory[0].user, step: "x", update: 7))
        #expect(again["revision"] == .integer(inMemory[0].revision) && again["durable"] == false)
        #expect(try client.result("state.clear", conversation("before", ["reason": "cancelled"]))["durable"] == false)
        #expect(try client.result("state.load", conversation("before"))["state"] == .null)
        #expect(
            try client.result("state.clear", conversation(inMemory[1].user, ["reason": "cancelled"]))["stored_in"] == [
                "memory"
            ])
        let listed = try all("conversations", "user_id", client, "state.list", ["limit": 100])
        #expect(Set(listed) == Set(durable + inMemory.map(\.user)).subtracting([inMemory[1].user]))
        #expect(try client.result("state.sweep")["deleted"] == 0)

        disk.free()
        try await eventually("memory pays its debts", within: .seconds(40)) { try pending(client) == 0 }
        let recovered = try client.result("service.health")
        #expect(
            recovered["status"] == "ok" && recovered["tiers"]?[0]?["state"] == "up"
                && recovered["tiers"]?[0]?["last_error"] == .null)
        try service.kill()
        try service.start()
        let after = try service.client()
        for (index, (user, revision)) in inMemory.enumerated() where index != 1 {
            let state = try after.result("state.load", conversation(user, ["update_id": 7]))
            #expect(
                state["state"]?["revision"] == .integer(revision) && state["applied"] == ["cleared": nil], "\(user)")
            #expect(state["state"]?["data"]?["notes"]?.stringValue?.count == 4_000)
        }
        for gone in ["before", inMemory[1].user] {
            #expect(try after.result("state.load", conversation(gone))["state"] == .null)
        }
    }

    @Test func `Machines on a full disk: served from memory, and stored when there is room`() async throws {
        guard let (service, disk) = try onSmallDisk(.library) else { return }
        let client = try service.client()
        let stored = try client.result("library.add", adding("u", "Pump", ["notes": "on disk"]))["machine"]
        disk.fill()
        var nicknames = ["Pump"]
        var inMemory: [[String: JSONValue]] = []
        for number in 0... {
            let params = adding("u", "M \(number)", ["notes": .string(of: "word ", 400)])
            let added = try client.result("library.add", params)
            nicknames.append("M \(number)")
            if added["durable"] == true { continue }
            #expect(added["machine"]?["stored_in"] == ["memory"])
            inMemory.append(params)
            if inMemory.count == 20 { break }
        }
        let name = try #require(inMemory[0]["nickname"]?.stringValue)
        #expect(try client.result("service.health")["status"] == "failing")
        #expect(try client.refusal("library.add", adding("u", name.lowercased())).code == .duplicateNickname)
        #expect(try client.result("library.add", inMemory[0])["machine"]?["nickname"] == .string(name))
        #expect(try client.result("library.list", ["user_id": "u"])["total"] == .integer(Int64(nicknames.count)))
        #expect(
            try client.result("library.list", ["user_id": "u", "query": "wor"])["total"]
                == .integer(Int64(nicknames.count - 1)))
        // Each machine is listed once over all pages.
        let listed = try all("machines", "nickname", client, "library.list", ["user_id": "u", "limit": 7])
        #expect(listed.count == nicknames.count && Set(listed) == Set(nicknames))
        // A machine that lies on the disk is changed in memory.
        let reference: [String: JSONValue] = ["user_id": "u", "id": stored?["id"] ?? .null]
        let updated = try client.result(
            "library.update",
            reference.merging(["expected_revision": stored?["revision"] ?? .null, "changes": ["notes": "in memory"]]) {
                $1
            })
        #expect(updated["durable"] == false)
        #expect(try client.result("library.list", ["user_id": "u", "query": "memory"])["total"] == 1)
        #expect(try client.result("library.list", ["user_id": "u", "query": "disk"])["total"] == 0)
        #expect(try client.result("library.delete", reference) == ["deleted": true, "durable": false])
        #expect(try client.result("library.list", ["user_id": "u"])["total"] == .integer(Int64(nicknames.count - 1)))
        // The nickname of a deleted machine is free at once.
        let successor = adding("u", "pump")
        #expect(try client.result("library.add", successor)["durable"] == false)

        disk.free()
        try await eventually("memory pays its debts", within: .seconds(40)) { try pending(client) == 0 }
        #expect(try client.result("service.health")["status"] == "ok")
        try service.kill()
        try service.start()
        let after = try service.client()
        for params in inMemory + [successor] {
            let machine = try after.result("library.add", params)["machine"]
            #expect(
                machine?["nickname"] == params["nickname"]
                    && machine?["stored_in"]?.arrayValue?.contains("sqlite") == true)
        }
        #expect(try after.result("library.list", ["user_id": "u"])["total"] == .integer(Int64(nicknames.count)))
        #expect(try after.refusal("library.restore", reference).code == .duplicateNickname)
    }

    @Test func `A write when memory is full, too: refused, and nothing changes`() async throws {
        guard let (service, disk) = try onSmallDisk(.state, ["RIVET_MEMORY_LIMIT": "64KiB"]) else { return }
        let client = try service.client()
        disk.fill()
        var inMemory: [String] = []
        var refused: RPCError?
        for number in 0... {
            switch try client.call(
                "state.save", saving("u\(number)", data: ["notes": .string(of: "x", 2_000)], update: 1))
            {
            case .success(let saved): if saved["durable"] == false { inMemory.append("u\(number)") }
            case .failure(let error): refused = error
            }
            if refused != nil { break }
        }
        #expect(refused?.code == .unavailable && refused?.json["data"]?["kind"] == "unavailable")
        #expect(inMemory.count > 10)
        #expect(try pending(client) == Int64(inMemory.count))
        // The refused call left nothing. A record in memory that would grow too large stays as it was.
        let large: JSONValue = ["notes": .string(of: "y", 60_000)]
        #expect(
            try client.refusal("state.save", saving(inMemory[0], step: "large", data: large, update: 2)).code
                == .unavailable)
        let state = try client.result("state.load", conversation(inMemory[0], ["update_id": 2]))
        #expect(state["state"]?["step"] == "nickname" && state["applied"] == .null)
        #expect(try client.refusal("state.save", saving("new", data: large, update: 2)).code == .unavailable)
        #expect(
            try client.result("state.load", conversation("new", ["update_id": 2])) == ["state": nil, "applied": nil])
        // A repeated call in one batch with the refused call is not stored either.
        let frames = (1...10).map { FrameClient.request("state.save", saving("new", data: large, update: 2), id: $0) }
        try client.sendBytes(Array(frames.joined()))
        for _ in 0..<10 { #expect(try client.response()["error"]?["code"] == 1005) }

        disk.free()
        try await eventually("memory pays its debts", within: .seconds(40)) { try pending(client) == 0 }
        #expect(try client.result("state.save", saving("new", data: large, update: 2))["durable"] == true)
        try service.kill()
        try service.start()
        for user in inMemory + ["new"] {
            let state = try service.client().result("state.load", conversation(user))["state"]
            #expect(state?["stored_in"]?.arrayValue?.contains("sqlite") == true, "\(user)")
        }
    }

    /// More conversations than a sweep removes in one batch.
    @Test func `Conversations that only memory has: swept, too`() async throws {
        guard let (service, disk) = try onSmallDisk(.state, ["RIVET_CONVERSATION_TTL": "500ms"]) else { return }
        let client = try service.client()
        disk.fill()
        var inMemory: Int64 = 0
        for number in 0... where inMemory < 120 {
            let isDurable = try client.result(
                "state.save", saving("u\(number)", data: ["notes": .string(of: "x", 4_000)]))["durable"]
            inMemory += isDurable == true ? 0 : 1
            if inMemory == 120 { break }
        }
        try await eventually("all have expired") { try client.result("state.list")["conversations"]?.count == 0 }
        #expect(try #require(try client.result("state.sweep")["deleted"]?.integerValue) >= inMemory)
    }

    /// What only memory has at a stop goes to the disk if it has room again.
    @Test func `A stop: pays the debts of the disk`() throws {
        guard let (service, disk) = try onSmallDisk(.state) else { return }
        let client = try service.client()
        disk.fill()
        var user = 0
        while try client.result("state.save", saving("u\(user)", data: ["notes": .string(of: "x", 4_000)]))["durable"]
            == true
        { user += 1 }
        disk.free()
        #expect(try service.stop() == 0)
        try service.start()
        #expect(try service.client().result("state.load", conversation("u\(user)"))["state"]?["step"] == "nickname")
    }
}
