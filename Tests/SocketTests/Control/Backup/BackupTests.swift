import Contracts
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Control

extension StoringServices {
    /// Makes a backup in the directory of the services.
    func backUp(_ name: String, settings: [String: String] = [:]) throws -> RivetctlRun {
        try control("backup", "\(state.directory.path)/\(name)", "--json", settings: settings)
    }

    func restore(_ name: String, settings: [String: String] = [:]) throws -> RivetctlRun {
        try control("restore", "\(state.directory.path)/\(name)", "--json", settings: settings)
    }

    func stop() throws { for service in [state, library] { #expect(try service.stop() == 0) } }

    var databasePaths: [String] { [state.databasePath, library.databasePath] }

    func names(in directory: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: "\(state.directory.path)/\(directory)"))
    }
}

/// What `rivetctl backup` makes, and what it leaves when it fails.
@Suite(.serialized, .withProcesses)
struct BackupTests {
    private static let files: Set<String> = ["state.db", "library.db", "manifest.json"]
    private static let unfinished = ".rivet-backup-unfinished-"

    /// Services with a conversation and a machine.
    private static func filled(_ environment: [String: String] = [:]) throws -> StoringServices {
        let services = try StoringServices(environment)
        try services.start()
        _ = try services.state.client().result("state.save", saving("7", step: "model", data: ["nickname": "Pump"]))
        _ = try services.library.client().result("library.add", adding("7", "Valve"))
        return services
    }

    private func leftovers(_ services: StoringServices) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: services.state.directory.path).filter {
            $0.hasPrefix(Self.unfinished)
        }
    }

    @Test func `A backup: two complete databases and a manifest, unreadable to others, without a secret`() throws {
        let services = try Self.filled(["RIVET_CONVERSATION_TTL": "48h"])
        let secrets = [
            "TELEGRAM_BOT_TOKEN": "123:SeCrEt0", "RIVET_DURABILITY": "SeCrEt1", "RIVET_ALLOWED_USERS": "7,-8",
            "NEON_DATABASE_URL": "postgresql://rivet:SeCrEt2@127.0.0.1:1/rivet",
            "TELEGRAM_API_URL": "http://SeCrEt3@127.0.0.1",
        ]
        let made = try services.backUp("backup", settings: secrets)
        #expect(made.exitCode == 0, "\(made.text)")
        let directory = services.state.directory.path + "/backup"
        #expect(try services.names(in: "backup") == Self.files)
        #expect(fileMode(directory) == 0o700)
        for name in Self.files { #expect(fileMode("\(directory)/\(name)") == 0o600, "\(name)") }
        let text = try String(contentsOfFile: directory + "/manifest.json", encoding: .utf8)
        #expect(!text.contains("SeCrEt") && !made.text.contains("SeCrEt"))
        let manifest = try JSONValue(parsing: text)
        #expect(manifest["format"] == 1 && manifest["rivet"] != nil && isTime(manifest["made_at"]))
        #expect(manifest["settings"] == ["RIVET_CONVERSATION_TTL": "48h", "RIVET_ALLOWED_USERS": "7,-8"])
        #expect(manifest["tiers"] == ["neon"])
        for (name, counted) in [("state.db", "conversations"), ("library.db", "machines")] {
            let path = "\(directory)/\(name)"
            let database = manifest["databases"]?[name]
            #expect(database?["rows"]?[counted] == 1)
            #expect(database?["sha256"]?.stringValue == (try Self.sha256sum(path)))
            let bytes = try Data(contentsOf: URL(filePath: path))
            #expect(database?["bytes"] == .integer(Int64(bytes.count)))
            // Bytes 18 and 19 in SQLite's file format: 1 for a file without a write-ahead log, 2 for one with a log.
            #expect(bytes[18...19].elementsEqual([1, 1]))
        }
        #expect(try leftovers(services) == [])
    }

    private static func sha256sum(_ path: String) throws -> String {
        let log = path + ".sum"
        defer { unlink(log) }
        try #require(
            try ChildProcess("/usr/bin/sha256sum", arguments: [path], environment: [:], log: log).wait() == 0)
        return String(try String(contentsOfFile: log, encoding: .utf8).prefix(64))
    }

    /// - Parameter hasIndex: whether the log's index still exists.
    @Test(arguments: [true, false])
    func `A log that a killed service left: included in the backup, and unchanged`(_ hasIndex: Bool) throws {
        let services = try Self.filled()
        for service in [services.state, services.library] { try service.kill() }
        let files = services.databasePaths.flatMap { [$0, $0 + "-wal"] }
        func contents() throws -> [Data] { try files.map { try Data(contentsOf: URL(filePath: $0)) } }
        if !hasIndex { for path in services.databasePaths { unlink(path + "-shm") } }
        let before = try contents()
        try #require(before.allSatisfy { !$0.isEmpty })
        let made = try services.backUp("backup")
        #expect(made.exitCode == 0, "\(made.text)")
        #expect(try contents() == before)
        let copy = try Database(services.state.directory.path + "/backup/state.db")
        #expect(try copy.rows("SELECT current_step FROM conversation_states") == [["model"]])
    }

    @Test(arguments: ["backup.copied", "backup.copied:2", "backup.before-rename"])
    func `A backup that is killed: leaves nothing under its name, and the next one cleans up`(_ point: String) throws {
        let services = try Self.filled()
        let killed = try services.backUp("backup", settings: ["RIVET_KILL_AT": point])
        #expect(killed.exitCode == 128 + SIGKILL)
        #expect(access(services.state.directory.path + "/backup", F_OK) != 0)
        #expect(try leftovers(services).count == 1)
        // This lock stands for a backup that is running: the next one must not remove anything of it.
        let busy = services.state.directory.path + "/\(Self.unfinished)1"
        mkdir(busy, 0o700)
        let descriptor = open(busy, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        try #require(flock(descriptor, LOCK_EX) == 0)
        let made = try services.backUp("backup")
        #expect(made.exitCode == 0, "\(made.text)")
        #expect(try services.names(in: "backup") == Self.files)
        #expect(try leftovers(services) == ["\(Self.unfinished)1"])
    }

    @Test func `A backup that is killed after its last step: complete`() throws {
        let services = try Self.filled()
        let killed = try services.backUp("backup", settings: ["RIVET_KILL_AT": "backup.after-rename"])
        #expect(killed.exitCode == 128 + SIGKILL)
        try services.stop()
        #expect(try services.restore("backup").exitCode == 0)
    }

    @Test func `A place that cannot hold a backup: refused with the reason, and left as it is`() throws {
        let services = try Self.filled()
        let base = services.state.directory.path
        try services.state.directory.write("x", to: "file")
        mkdir(base + "/full", 0o700)
        try services.state.directory.write("x", to: "full/x")
        symlink("/nonexistent/rivet", base + "/link")
        let cases = [
            ("full", "\(base)/full is not empty"), ("file", "\(base)/file is a file"),
            ("missing/backup", "there is no directory \(base)/missing"),
            ("link", "\(base)/link is a link that leads to nothing"),
            ("state/backup", "\(base)/state/backup is in the directory of the databases"),
        ]
        for (name, cause) in cases {
            let refused = try services.backUp(name)
            #expect(refused.exitCode == 1)
            #expect(try refused.json["error"] == .string(cause))
            #expect(try refused.json["next_step"]?.stringValue?.isEmpty == false)
            #expect(refused.errors == [])
            let told = try services.control("backup", "\(base)/\(name)")
            #expect(told.exitCode == 1 && told.lines.count == 1)
            #expect(told.errors.first?.hasPrefix("rivetctl: \(cause). ") == true)
        }
        #expect(try services.names(in: "full") == ["x"])
        #expect(try services.control("backup", "").exitCode == ExitCodes.usage)
        #expect(try leftovers(services) == [])
        // An empty directory and a relative path are good.
        mkdir(base + "/empty", 0o755)
        #expect(try services.backUp("empty").exitCode == 0)
        #expect(try services.names(in: "empty") == Self.files && fileMode(base + "/empty") == 0o700)
        let shell = try ChildProcess(
            "/bin/sh", arguments: ["-c", "cd \(base) && exec \(RivetBinary.control.path) backup relative/"],
            environment: ["RIVET_STATE_DIR": base + "/state", "RIVET_RUNTIME_DIR": base + "/run"], log: base + "/sh.log"
        )
        #expect(shell.wait() == 0)
        #expect(try services.names(in: "relative") == Self.files)
    }

    @Test func `A disk that is too small: refused, and another large enough disk is accepted`() throws {
        let services = try Self.filled()
        let base = services.state.directory.path
        guard let small = SmallDisk(bytes: 1 << 20, at: base + "/small"),
            let large = SmallDisk(bytes: 64 << 20, at: base + "/large")
        else {
            print("not tested: only root may mount a small disk")
            return
        }
        let refused = try services.backUp("small/backup")
        #expect(refused.exitCode == 1 && refused.text.contains("are needed at \(small.path)"))
        #expect(try services.names(in: "small") == [])
        let mounted = try services.backUp("large")
        #expect(mounted.exitCode == 1 && mounted.text.contains("\(large.path) is a mount point"))
        #expect(mounted.text.contains("Name a new directory in it: \(large.path)/rivet-backup"))
        #expect(try services.names(in: "large") == [])
        #expect(try services.backUp("large/backup").exitCode == 0)
        #expect(try services.names(in: "large/backup") == Self.files)
    }

    @Test func `A database that is broken, missing or unreadable: named, and no half backup is left`() throws {
        let services = try Self.filled()
        let client = try services.state.client()
        for user in 0..<200 {
            _ = try client.result("state.save", saving("\(user)", data: ["notes": .string(of: "x", 1_000)]))
        }
        try services.stop()
        let path = services.state.databasePath
        let whole = try Data(contentsOf: URL(filePath: path))
        var broken = whole
        broken.replaceSubrange((whole.count / 2)..<(whole.count / 2 + 8_192), with: Data(repeating: 0xA5, count: 8_192))
        func expectRefusal(_ cause: String) throws {
            let refused = try services.backUp("backup")
            #expect(refused.exitCode == 1 && refused.text.contains(cause), "\(refused.text)")
            #expect(access(services.state.directory.path + "/backup", F_OK) != 0)
            #expect(try leftovers(services) == [])
        }
        try broken.write(to: URL(filePath: path))
        try expectRefusal("\(path) is broken: ")
        try Data("no database ".utf8 + Array(repeating: 0, count: 9_000)).write(to: URL(filePath: path))
        try expectRefusal("\(path) is broken: ")
        unlink(path)
        try expectRefusal("there is no \(path)")
        try whole.write(to: URL(filePath: path))
        #expect(try services.backUp("backup").exitCode == 0)
    }

    @Test(.enabled(if: geteuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0, "needs root and setpriv"))
    func `A service's files: a stranger is told to use sudo, and root's backup creates none for root`() throws {
        let (owner, stranger): (uid_t, uid_t) = (64_201, 64_202)
        let services = try Self.filled()
        for service in [services.state, services.library] { try service.kill() }
        let directory = services.state.stateDirectory
        for path in [directory] + services.databasePaths.flatMap({ [$0, $0 + "-wal"] }) { chown(path, owner, owner) }
        for path in services.databasePaths { unlink(path + "-shm") }
        chmod(services.state.directory.path, 0o777)
        let refused = try services.control(
            as: stranger, "backup", services.state.directory.path + "/strangers")
        #expect(refused.exitCode == 1 && refused.text.hasSuffix("Use sudo"), "\(refused.text)")
        #expect(try services.backUp("backup").exitCode == 0)
        for path in services.databasePaths {
            var status = stat()
            #expect(stat(path + "-shm", &status) == 0 && status.st_uid == owner)
        }
        // A link that the service put there leads root nowhere that the service itself could not go.
        unlink(services.state.databasePath + "-wal")
        unlink(services.state.databasePath)
        let secret = services.state.directory.path + "/secret.db"
        try Database(secret).rows("CREATE TABLE secret (word TEXT)")
        // Not even with a group that this root is in.
        let group: gid_t = 64_203
        chown(secret, 0, group)
        chmod(secret, 0o640)
        symlink(secret, services.state.databasePath)
        let refusedLink = try RivetctlRun(
            ["backup", services.state.directory.path + "/link"],
            [
                "RIVET_STATE_DIR": services.state.stateDirectory,
                "RIVET_RUNTIME_DIR": services.state.directory.path + "/run",
            ], in: services.state.directory, by: ["/usr/bin/setpriv", "--groups=\(group)"])
        #expect(refusedLink.exitCode == 1 && refusedLink.text.contains("Permission denied"), "\(refusedLink.text)")
    }
}

extension StoringServices {
    /// Runs rivetctl as another user.
    func control(as user: uid_t, _ arguments: String...) throws -> (exitCode: Int32, text: String) {
        let log = "\(state.directory.path)/as-\(user).log"
        let process = try ChildProcess(
            "/usr/bin/setpriv",
            arguments: ["--reuid=\(user)", "--regid=\(user)", "--clear-groups", RivetBinary.control.path] + arguments,
            environment: [
                "RIVET_STATE_DIR": state.stateDirectory, "RIVET_RUNTIME_DIR": state.directory.path + "/run",
            ], log: log)
        let code = process.wait()
        let text = try String(contentsOfFile: log, encoding: .utf8)
        return (code, String(text.drop { $0.isNewline }.reversed().drop { $0.isNewline }.reversed()))
    }
}
