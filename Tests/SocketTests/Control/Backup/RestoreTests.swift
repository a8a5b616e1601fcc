import Contracts
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Control

/// What `rivetctl restore` puts in place, and what it leaves when it is refused, fails or is killed.
@Suite(.serialized, .withProcesses)
struct RestoreTests {
    /// Services with a conversation and a machine, a backup of them, and changes since.
    private static func backedUp() throws -> StoringServices {
        let services = try StoringServices()
        try services.start()
        try services.state.directory.write("1a {\"allowed\":[7]}\n", to: "state/gateway.allowed")
        _ = try services.state.client().result("state.save", saving("7", step: "model"))
        _ = try services.library.client().result("library.add", adding("7", "Valve"))
        let made = try services.backUp("backup")
        try #require(made.exitCode == 0, "\(made.text)")
        _ = try services.state.client().result("state.save", saving("7", step: "notes"))
        _ = try services.library.client().result("library.add", adding("7", "Pump"))
        return services
    }

    private func step(_ services: StoringServices) throws -> JSONValue? {
        try services.state.client().result("state.load", conversation("7"))["state"]?["step"]
    }

    private func machines(_ services: StoringServices) throws -> Set<String> {
        let list = try services.library.client().result("library.list", ["user_id": "7"])
        return Set(list["machines"]?.arrayValue?.compactMap { $0["nickname"]?.stringValue } ?? [])
    }

    private func contents(_ services: StoringServices) throws -> [String: Data] {
        let directory = services.state.stateDirectory
        return try FileManager.default.contentsOfDirectory(atPath: directory).reduce(into: [:]) {
            $0[$1] = try Data(contentsOf: URL(filePath: "\(directory)/\($1)"))
        }
    }

    /// - Parameter isKilled: whether the services leave a log behind, which must not get into the restored database.
    @Test(arguments: [false, true])
    func `A restore: brings back the backup, and keeps the earlier files whole`(_ isKilled: Bool) throws {
        let services = try Self.backedUp()
        if isKilled {
            for service in [services.state, services.library] { try service.kill() }
        } else {
            try services.stop()
        }
        try services.state.directory.write("2026-11-27T12:00:00.000Z", to: "state/gateway.heard")
        let restored = try services.restore("backup")
        #expect(restored.exitCode == 0, "\(restored.text)")
        #expect(access(services.state.stateDirectory + "/gateway.heard", F_OK) != 0)
        let kept = try ["state.db", "library.db"].map { name in
            try #require(try restored.json["databases"]?[name]?["replaced"]?.stringValue)
        }
        #expect(kept.allSatisfy { $0.contains(".db.replaced-2") })
        #expect(try Database(kept[0]).rows("SELECT current_step FROM conversation_states") == [["notes"]])
        #expect(try Database(kept[1]).rows("SELECT count(*) FROM user_machines") == [["2"]])
        for path in services.databasePaths {
            #expect(fileMode(path) == 0o600)
            for suffix in ["-wal", "-shm", "-journal"] { #expect(access(path + suffix, F_OK) != 0) }
        }
        #expect(try !services.names(in: "state").contains { $0.hasPrefix(".") })
        try services.start()
        #expect(try step(services) == "model")
        #expect(try machines(services) == ["Valve"])
        #expect(try services.state.client().result("service.health")["status"] == "ok")
    }

    @Test func `A restore beside running services or an open file: refused`() throws {
        let services = try Self.backedUp()
        let beside = try services.restore("backup")
        #expect(beside.exitCode == 1)
        #expect(
            try beside.json["error"] == .string("rivet-state is running (\(services.state.socketPath) answers)"))
        #expect(try step(services) == "notes")
        try services.state.stop()
        #expect(try services.restore("backup").text.contains("rivet-library is running"))
        try services.library.stop()
        let lock = open(services.library.databasePath + ".lock", O_RDWR | O_CLOEXEC)
        try #require(flock(lock, LOCK_EX) == 0)
        let before = try contents(services)
        let locked = try services.restore("backup")
        #expect(locked.exitCode == 1 && locked.text.contains("in use by another process"), "\(locked.text)")
        #expect(try contents(services) == before)
        close(lock)
        let shell = try Database(services.state.databasePath)
        try shell.rows("SELECT count(*) FROM conversation_states")
        let open = try services.restore("backup")
        #expect(open.exitCode == 1 && open.text.contains("\(services.state.databasePath) is open in "), "\(open.text)")
    }

    /// For systemd, a unit that starts or waits for a call is no different from one that runs.
    @Test func `Units that are not inactive: named with the command that stops them`() throws {
        let idle = "Id=rivet-state.service\nActiveState=inactive\n\nId=rivet-gateway.service\nActiveState=failed\n"
        try StoppedServices.requireInactiveUnits(idle)
        try StoppedServices.requireInactiveUnits(nil)
        for state in ["active", "activating", "deactivating", "reloading"] {
            let failure = #expect(throws: CommandFailure.self) {
                try StoppedServices.requireInactiveUnits("\(idle)\nId=rivet-library.socket\nActiveState=\(state)\n")
            }
            #expect(failure?.cause == "rivet-library.socket is \(state)")
            #expect(
                failure?.nextStep
                    == "Stop all of Rivet first: systemctl stop rivet.target 'rivet-*.service' 'rivet-*.socket'")
        }
    }

    @Test func `A changed backup, or one of another format: refused before anything is touched`() throws {
        let services = try Self.backedUp()
        try services.stop()
        let before = try contents(services)
        let backup = services.state.directory.path + "/backup"
        func expectRefusal(_ cause: String, _ change: () throws -> Void) throws {
            let whole = try ["state.db", "library.db", "manifest.json"].map { name in
                ("\(backup)/\(name)", try Data(contentsOf: URL(filePath: "\(backup)/\(name)")))
            }
            try change()
            let refused = try services.restore("backup")
            #expect(refused.exitCode == 1 && refused.text.contains(cause), "\(refused.text)")
            #expect(try contents(services) == before)
            for (path, content) in whole { try content.write(to: URL(filePath: path)) }
        }
        for name in ["state.db", "library.db"] {
            try expectRefusal("\(backup)/\(name) is not what was backed up") {
                var bytes = try Data(contentsOf: URL(filePath: "\(backup)/\(name)"))
                bytes[bytes.count - 10] ^= 1
                try bytes.write(to: URL(filePath: "\(backup)/\(name)"))
            }
        }
        try expectRefusal("not a Rivet backup: it has no manifest.json") { unlink(backup + "/manifest.json") }
        try expectRefusal("manifest.json was not written by rivetctl backup, or was changed") {
            try Data("{}".utf8).write(to: URL(filePath: backup + "/manifest.json"))
        }
        try expectRefusal("has format 2, and this program knows formats up to 1") {
            try changeManifest(backup) { $0["format"] = 2 }
        }
        try expectRefusal("schema version 99") {
            try Database(backup + "/state.db")
                .rows("INSERT INTO rivet_schema_migrations (version, name) VALUES (99, 'x')")
            try describeAgain(backup, "state.db")
        }
        // A broken file whose checksum matches was broken before the backup.
        try expectRefusal("\(backup)/state.db is broken: ") {
            var bytes = try Data(contentsOf: URL(filePath: backup + "/state.db"))
            bytes.replaceSubrange((bytes.count - 4_096)..., with: Data(repeating: 0xA5, count: 4_096))
            try bytes.write(to: URL(filePath: backup + "/state.db"))
            try describeAgain(backup, "state.db")
        }
        #expect(try services.restore("missing").text.contains("/missing is not a Rivet backup"))
        #expect(try services.restore("backup").exitCode == 0)
    }

    private func changeManifest(_ backup: String, _ change: (inout [String: JSONValue]) throws -> Void) throws {
        let path = backup + "/manifest.json"
        var manifest = try #require(
            try JSONValue(parsing: try String(contentsOfFile: path, encoding: .utf8)).objectValue)
        try change(&manifest)
        try Data(JSONValue.object(manifest).serialized()).write(to: URL(filePath: path))
    }

    private func describeAgain(_ backup: String, _ name: String) throws {
        try changeManifest(backup) { manifest in
            var databases = try #require(manifest["databases"]?.objectValue)
            var database = try #require(databases[name]?.objectValue)
            let path = "\(backup)/\(name)"
            database["sha256"] = .string(try FileDigest.sha256(of: path))
            database["bytes"] = .integer(Int64(try Data(contentsOf: URL(filePath: path)).count))
            databases[name] = .object(database)
            manifest["databases"] = .object(databases)
        }
    }

    @Test(arguments: ["restore.staged", "restore.replaced", "restore.replaced:2"])
    func `A restore that is killed: leaves whole databases, and can be repeated`(_ point: String) throws {
        let services = try Self.backedUp()
        for service in [services.state, services.library] { try service.kill() }
        #expect(try services.restore("backup", settings: ["RIVET_KILL_AT": point]).exitCode == 128 + SIGKILL)
        for path in services.databasePaths where access(path + "-wal", F_OK) != 0 {
            #expect(try Database(path).rows("PRAGMA integrity_check") == [["ok"]])
        }
        try services.start()
        #expect(try step(services) == (point == "restore.staged" ? "notes" : "model"))
        #expect(try machines(services) == (point == "restore.replaced:2" ? ["Valve"] : ["Valve", "Pump"]))
        try services.stop()
        #expect(try services.restore("backup").exitCode == 0)
        #expect(try !services.names(in: "state").contains { $0.hasPrefix(".") })
        try services.start()
        #expect(try step(services) == "model")
        #expect(try machines(services) == ["Valve"])
    }

    @Test func `A restore on a disk without room: touches nothing`() throws {
        let services = try Self.backedUp()
        try services.stop()
        guard let disk = SmallDisk(bytes: 1 << 20, at: services.state.directory.path + "/small") else {
            print("not tested: only root may mount a small disk")
            return
        }
        let refused = try services.restore("backup", settings: ["RIVET_STATE_DIR": disk.path])
        #expect(refused.exitCode == 1 && refused.text.contains("are needed at \(disk.path)"), "\(refused.text)")
        #expect(try services.names(in: "small").allSatisfy { $0.hasSuffix(".lock") })
    }

    @Test func `A restore on a new disk: only the backup is there afterwards`() throws {
        let services = try Self.backedUp()
        try services.stop()
        for name in try services.names(in: "state") { unlink("\(services.state.stateDirectory)/\(name)") }
        let restored = try services.restore("backup")
        #expect(restored.exitCode == 0, "\(restored.text)")
        #expect(try restored.json["databases"]?["state.db"]?["replaced"] == .null)
        try services.start()
        #expect(try step(services) == "model")
        #expect(try machines(services) == ["Valve"])
    }

    @Test func `The allow-list: comes back, and no restore lets anyone else in`() throws {
        let services = try StoringServices()
        try services.start()
        let (path, backup) = (services.state.stateDirectory + "/gateway.allowed", services.state.directory.path)
        func put(_ text: String?) throws {
            unlink(path)
            if let text { try services.state.directory.write(text, to: "state/gateway.allowed") }
        }
        func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
        let (ada, bob) = ("1a {\"allowed\":[7]}\n", "2b {\"allowed\":[8]}\n")
        let everyone = "3c {\"allowed\":\"*\"}\n"
        for (name, list) in [("ada", ada), ("everyone", everyone), ("none", nil)] {
            try put(list)
            let made = try services.backUp(name, settings: ["RIVET_ALLOWED_USERS": name == "none" ? "7" : ""])
            #expect(made.exitCode == 0, "\(made.text)")
            #expect(try made.json["allow_list"]?["bytes"]?.integerValue == list.map { Int64($0.utf8.count) })
        }
        try services.stop()
        // A new host; one whose gateway was started before; one with another list; and one with the list of the backup.
        for (before, kept) in [(nil, nil), (bob, bob), (everyone, everyone), (ada, nil)] {
            try put(before)
            let restored = try services.restore("ada")
            #expect(restored.exitCode == 0, "\(restored.text)")
            #expect(try text(path) == ada)
            if before != ada { #expect(fileMode(path) == 0o600) }
            let aside = try restored.json["allow_list"]?["replaced"]?.stringValue
            #expect(try aside.map(text) == kept)
            #expect(try restored.json["warnings"] == [])
        }
        for name in ["everyone", "none"] {
            #expect(try services.restore(name).exitCode == 0)
            #expect(try text(path) == ada, "\(name)")
            try put(nil)
            let warned = try services.restore(name)
            #expect(warned.exitCode == 0)
            let warning = try warned.json["warnings"]?.arrayValue?.first?.stringValue ?? ""
            #expect(warning.contains("everyone will be let in"), "\(name)")
            #expect(warning.contains("RIVET_ALLOWED_USERS=7") == (name == "none"))
            #expect(try services.restore(name, settings: ["RIVET_ALLOWED_USERS": "7"]).json["warnings"] == [])
            try put(ada)
        }
        try Data("4d {\"allowed\":\"*\"}".utf8).write(to: URL(filePath: backup + "/ada/gateway.allowed"))
        let refused = try services.restore("ada")
        #expect(refused.exitCode == 1 && refused.text.contains("gateway.allowed is not what was backed up"))
    }

    /// Changes that only memory had were acknowledged, and they are not older than the backup.
    @Test func `The spill file: survives a restore`() throws {
        let directory = try TestDirectory()
        guard let disk = SmallDisk(bytes: 4 << 20, at: directory.path + "/disk") else {
            print("not tested: only root may mount a small disk")
            return
        }
        let services = try StoringServices(["RIVET_STATE_DIR": disk.path])
        try services.start()
        let client = try services.state.client()
        _ = try client.result("state.save", saving("7", step: "model"))
        #expect(try services.control("backup", directory.path + "/backup").exitCode == 0)
        disk.fill()
        for number in 0... {
            let filler = saving("filler", step: "s\(number)", data: ["x": .string(of: "x", 4_000)])
            if try client.result("state.save", filler)["durable"] == false { break }
        }
        #expect(try client.result("state.save", saving("7", step: "notes"))["durable"] == false)
        let later = try services.control("backup", directory.path + "/later")
        #expect(later.exitCode == 0 && later.text.contains("holds changes that its disk did not take"), "\(later.text)")
        for service in [services.state, services.library] { try service.kill() }
        disk.free()
        let restored = try services.control("restore", directory.path + "/backup")
        #expect(restored.exitCode == 0, "\(restored.text)")
        #expect(
            restored.errors.contains { $0.contains("/run/state.journal has changes that the disk of rivet-state") })
        try services.start()
        #expect(try step(services) == "notes")
    }

    @Test(.enabled(if: geteuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0, "needs root and setpriv"))
    func `Files that root restores: belong to the owner of the directory`() throws {
        let owner: uid_t = 64_201
        let services = try Self.backedUp()
        try services.stop()
        let owned = services.databasePaths.flatMap { [$0, $0 + ".lock"] }
        let list = services.state.stateDirectory + "/gateway.allowed"
        try services.state.directory.write("2b {}\n", to: "state/gateway.allowed")
        chmod(list, 0o600)
        for path in [services.state.stateDirectory, list] + owned { chown(path, owner, owner) }
        let refused = try services.control(as: 64_202, "restore", services.state.directory.path + "/backup")
        #expect(refused.exitCode == 1 && refused.text.hasSuffix("Use sudo"), "\(refused.text)")
        let restored = try services.restore("backup")
        #expect(restored.exitCode == 0, "\(restored.text)")
        for name in try services.names(in: "state") {
            var status = stat()
            #expect(stat("\(services.state.stateDirectory)/\(name)", &status) == 0)
            #expect(status.st_uid == owner && status.st_gid == owner && status.st_mode & 0o777 == 0o600, "\(name)")
        }
    }
}
