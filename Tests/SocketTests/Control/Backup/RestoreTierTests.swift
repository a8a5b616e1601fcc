import Contracts
import Foundation
import TestSupport
import Testing

/// `rivetctl restore` when a PostgreSQL database has changes since the backup.
@Suite(.serialized, .withProcesses, .enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
struct RestoreTierTests {
    /// - Parameter isKnown: whether the tier was configured before the backup was made.
    @Test(arguments: [true, false])
    func `A restored disk: newer rows of a tier win at each start, before any other decision`(
        _ isKnown: Bool
    ) async throws {
        let neon = try await PlainDatabase()
        let url = ["NEON_DATABASE_URL": neon.url]
        let services = try StoringServices(url)
        try services.start(isKnown ? [:] : ["NEON_DATABASE_URL": ""])
        let state = try services.state.client()
        _ = try state.result("state.save", saving("1", step: "model", update: 1))
        _ = try state.result("state.save", saving("2", step: "model", update: 1))
        let library = try services.library.client()
        var ids: [JSONValue] = []
        for name in ["Kept", "Deleted", "Renamed"] {
            let added = try library.result("library.add", adding("1", name))["machine"]
            ids.append(try #require(added?["id"]))
        }
        if isKnown { try await services.settle() }
        #expect(try services.backUp("backup").exitCode == 0)
        if !isKnown {
            try services.stop()
            try services.start()
        }
        try Self.goOn(services, ids)
        try await services.settle()
        // At the second time, the tier has seen only the first restore.
        for round in 1...3 {
            try services.stop()
            let restored = try services.restore("backup")
            #expect(restored.exitCode == 0, "\(restored.text)")
            #expect(try restored.json["tiers"] == ["neon"])
            // Once also without a start in between.
            if round == 2 { #expect(try services.restore("backup").exitCode == 0) }
            try services.start()
            try Self.expectNewest(services, ids, round: round)
            try await services.settle()
            let compared = try services.control("verify")
            #expect(compared.exitCode == 0, "\(compared.text)")
        }
    }

    /// Changes after the backup: an answer, a completion, and changes of machines.
    private static func goOn(_ services: StoringServices, _ ids: [JSONValue]) throws {
        let (state, library) = (try services.state.client(), try services.library.client())
        _ = try state.result("state.save", saving("1", step: "notes", update: 2))
        _ = try state.result("state.clear", conversation("2", ["reason": "completed", "update_id": 2]))
        _ = try state.result("state.save", saving("3", step: "serial", update: 2))
        _ = try library.result("library.delete", ["user_id": "1", "id": ids[1]])
        let revision = try library.result("library.get", ["user_id": "1", "id": ids[2]])["machine"]?["revision"]
        _ = try library.result(
            "library.update",
            [
                "user_id": "1", "id": ids[2], "expected_revision": revision ?? .null,
                "changes": ["nickname": "Renamed since"],
            ])
        _ = try library.result("library.add", adding("1", "Added"))
    }

    /// Called right after the start: the first result must be right.
    private static func expectNewest(_ services: StoringServices, _ ids: [JSONValue], round: Int) throws {
        let (state, library) = (try services.state.client(), try services.library.client())
        let steps = try ["1", "2", "3"].map { user in
            try state.result("state.load", conversation(user))["state"]?["step"]?.stringValue
        }
        #expect(steps == ["notes", nil, "serial"], "round \(round)")
        let list = try library.result("library.list", ["user_id": "1"])["machines"]?.arrayValue ?? []
        #expect(
            Set(list.compactMap { $0["nickname"]?.stringValue }) == ["Kept", "Renamed since", "Added"],
            "round \(round)")
        #expect(try library.refusal("library.get", ["user_id": "1", "id": ids[1]]).code == .notFound)
    }

    @Test func `A backup of more than 30 days ago: refused beside tiers, whose tombstones are pruned by then`()
        async throws
    {
        let neon = try await PlainDatabase()
        let services = try StoringServices(["NEON_DATABASE_URL": neon.url])
        try services.start()
        #expect(try services.backUp("backup").exitCode == 0)
        try services.stop()
        let path = services.state.directory.path + "/backup/manifest.json"
        var manifest = try #require(
            try JSONValue(parsing: try String(contentsOfFile: path, encoding: .utf8)).objectValue)
        let madeAt = try #require(manifest["made_at"]?.stringValue.flatMap { Timestamp(parsing: $0) })
        manifest["made_at"] = .string(madeAt.advanced(by: .seconds(-31 * 86_400)).description)
        try Data(JSONValue.object(manifest).serialized()).write(to: URL(filePath: path))
        let refused = try services.restore("backup")
        #expect(
            refused.exitCode == 1 && refused.text.contains("neon no longer know what was deleted"), "\(refused.text)")
        #expect(try services.restore("backup", settings: ["NEON_DATABASE_URL": ""]).exitCode == 0)
        let forced = try services.control("restore", services.state.directory.path + "/backup", "--force")
        #expect(forced.exitCode == 0, "\(forced.text)")
    }
}
