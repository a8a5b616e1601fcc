import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// What the services write to the journal, and what `rivetctl logs` finds there.
@Suite(.serialized, .withProcesses)
struct LogsTests {
    @Test(.enabled(if: PrivateJournal.isPossible))
    func `The entries about a person: found by the person's ID`() async throws {
        let directory = try TestDirectory()
        let journal = try PrivateJournal(in: directory)
        try await journal.start()
        let telegram = TelegramSimulator()
        let environment = [
            "RIVET_STATE_DIR": directory.path + "/state", "RIVET_RUNTIME_DIR": directory.path + "/run",
            "RIVET_LOG_LEVEL": "debug", "TELEGRAM_API_URL": try await telegram.start(),
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "NEON_DATABASE_URL": "postgresql://rivet:secret-word@127.0.0.1:9/rivet",
        ]
        let services = try [RivetBinary.state, .library, .gateway].map { binary in
            try journal.run(
                binary.path, [], environment, isConnected: true, log: "\(directory.path)/\(binary.rawValue).log")
        }
        let (ada, bob) = (await telegram.user(4_201), await telegram.user(4_202))
        for person in [ada, bob] {
            try await person.send("/help")
            _ = try await person.nextMessage(timeout: .seconds(60))
        }
        var entries: [JSONValue] = []
        try await eventually("an entry of Ada's") {
            entries = try logs(journal, environment, directory, "4201", "--json").json["entries"]?.arrayValue ?? []
            return !entries.isEmpty
        }
        let entry = try #require(entries.first)
        #expect(entries.count == 1 && entry["service"] == "rivet-gateway" && entry["level"] == "debug")
        #expect(entry["fields"]?["RIVET_USER_ID"] == "4201" && entry["fields"]?["RIVET_CHAT_ID"] == "4201")
        let update = try #require(entry["fields"]?["RIVET_UPDATE_ID"]?.stringValue)
        let byUpdate = try logs(journal, environment, directory, update)
        #expect(byUpdate.exitCode == 0 && byUpdate.lines.count == 1)
        #expect(byUpdate.text.contains(" rivet-gateway debug: an update was handled"))
        #expect(try logs(journal, environment, directory, "4201", "--since", "1h").lines.count == 1)
        let nothing = try logs(journal, environment, directory, "999999")
        #expect(nothing.exitCode == 0 && nothing.text.contains("the journal has nothing about 999999"))
        // All entries of the three services so far, read with journalctl.
        let log = directory.path + "/journalctl.log"
        _ = try journal.run("journalctl", ["--output=json", "--no-pager"], isConnected: false, log: log).wait()
        let all = try String(contentsOfFile: log, encoding: .utf8)
        let lines = all.split(separator: "\n").compactMap { try? JSONValue(parsing: String($0)) }
        let own = lines.filter { $0["SYSLOG_IDENTIFIER"]?.stringValue?.hasPrefix("rivet-") == true }
        for name in ["rivet-state", "rivet-library", "rivet-gateway"] {
            #expect(own.contains { $0["SYSLOG_IDENTIFIER"] == .string(name) && $0["PRIORITY"] == "5" }, "\(name)")
        }
        let away = own.filter { $0["MESSAGE"]?.stringValue?.hasPrefix("a tier is away") == true }
        #expect(away.count == 2 && away.allSatisfy { $0["RIVET_TIER"] == "neon" && $0["PRIORITY"] == "4" })
        #expect(away.allSatisfy { $0["RIVET_REASON"]?.stringValue?.contains("127.0.0.1") == true })
        // No entry came in addition as a line without fields.
        #expect(
            !lines.contains { $0["SYSLOG_IDENTIFIER"] == "raw" }, "\(lines.filter { $0["SYSLOG_IDENTIFIER"] == "raw" })"
        )
        #expect(!all.contains("secret-word") && !all.contains(telegram.token))
        for service in services { service.signal(SIGTERM) }
        for service in services { #expect(service.wait() == 0) }
        await telegram.stop()
    }

    /// Even the last words of a process that cannot start are an entry with a priority.
    @Test(.enabled(if: PrivateJournal.isPossible))
    func `A wrong setting: an entry of priority error`() async throws {
        let directory = try TestDirectory()
        let journal = try PrivateJournal(in: directory)
        try await journal.start()
        let service = try journal.run(
            RivetBinary.state.path, [], ["RIVET_LOG_LEVEL": "loud"], isConnected: true, log: directory.path + "/log")
        #expect(service.wait() == 78)
        let log = directory.path + "/journalctl.log"
        try await eventually("the entry") {
            unlink(log)
            _ = try journal.run(
                "journalctl", ["-t", "rivet-state", "-p", "err", "-o", "cat"], isConnected: false, log: log
            ).wait()
            return try String(contentsOfFile: log, encoding: .utf8).contains(
                "RIVET_LOG_LEVEL has a value that is not accepted")
        }
    }

    @Test func `A machine without a journal: the next step is shown`() throws {
        let directory = try TestDirectory()
        let run = try RivetctlRun(["logs", "42", "--directory", directory.path + "/none"], [:], in: directory)
        #expect(run.exitCode == 1)
        #expect(run.errors.count == 1 && run.text.contains("there is no journal in \(directory.path)/none"))
        #expect(run.text.contains("standard error"))
    }

    @Test(.enabled(if: geteuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0))
    func `A user who may not read the journal: the next step is shown`() throws {
        let directory = try TestDirectory()
        chmod(directory.path, 0o755)
        try FileManager.default.createDirectory(atPath: directory.path + "/journal", withIntermediateDirectories: false)
        chmod(directory.path + "/journal", 0o755)
        try directory.write("", to: "journal/system.journal")
        chmod(directory.path + "/journal/system.journal", 0o640)
        let log = directory.path + "/log"
        let code = try ChildProcess(
            "/usr/bin/setpriv",
            arguments: [
                "--reuid=64011", "--regid=64011", "--clear-groups", RivetBinary.control.path, "logs", "42",
                "--directory", directory.path + "/journal",
            ], environment: [:], log: log
        ).wait()
        let text = try String(contentsOfFile: log, encoding: .utf8)
        #expect(code == 1, "\(text)")
        #expect(text.contains("system.journal: permission denied") && text.contains("systemd-journal"), "\(text)")
    }

    @Test(arguments: ["ada", "", "12a", "1:2:3", "--lines=0"])
    func `An argument that is no ID: a mistake in the command line`(_ argument: String) throws {
        let directory = try TestDirectory()
        #expect(
            try RivetctlRun(["logs", argument] + (argument.hasPrefix("--") ? ["1"] : []), [:], in: directory).exitCode
                == 64)
    }

    private func logs(
        _ journal: PrivateJournal, _ environment: [String: String], _ directory: TestDirectory, _ arguments: String...
    ) throws -> LogsRun {
        let log = "\(directory.path)/logs-\(UUID().uuidString).log"
        let code = try journal.run(
            RivetBinary.control.path, ["logs"] + arguments, environment, isConnected: false, log: log
        ).wait()
        let text = try String(contentsOfFile: log, encoding: .utf8)
        return LogsRun(exitCode: code, text: text)
    }

    private struct LogsRun {
        var exitCode: Int32
        var text: String
        var lines: [String] { text.split(separator: "\n").map(String.init) }
        var json: JSONValue { get throws { try JSONValue(parsing: text) } }
    }
}
