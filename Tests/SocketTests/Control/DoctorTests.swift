import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// `rivetctl doctor` against set-ups that are sound, and that are broken in one way each.
@Suite(.withProcesses)
struct DoctorCommandTests {
    @Test func `A sound set-up: ok`() async throws {
        let setUp = try await DoctorSetUp()
        let run = try setUp.doctor("--json")
        #expect(setUp.beside(try setUp.troubles(run)) == [])
        let subjects = try run.json["findings"]?.arrayValue?.compactMap { $0["subject"]?.stringValue } ?? []
        for subject in ["settings", "token", "databases", "disk", "sockets", "rivet-state", "rivet-gateway", "units"] {
            #expect(subjects.contains(subject), "\(subject)")
        }
        let text = try setUp.doctor()
        #expect(text.text.contains("ok       token") && text.exitCode == run.exitCode)
        #expect(!run.text.contains(setUp.telegram.token))
        // The file with which doctor tried the disk is gone.
        let names = try FileManager.default.contentsOfDirectory(atPath: setUp.directory.path + "/state")
        #expect(!names.contains { $0.contains("doctor") })
        await setUp.end()
    }

    @Test func `A set-up that does not run: each service is reported`() async throws {
        let setUp = try await DoctorSetUp(isRunning: false)
        let run = try setUp.doctor("--json")
        #expect(run.exitCode == 2)
        let all = try setUp.troubles(run)
        for unit in ["rivet-state", "rivet-library", "rivet-gateway"] {
            #expect(all.contains { $0.hasPrefix("\(unit) failure: ") && $0.contains("systemctl status") }, "\(all)")
        }
        #expect(all.contains { $0.hasPrefix("disk failure: ") && $0.contains("RIVET_STATE_DIR") }, "\(all)")
        await setUp.end()
    }

    @Test func `A wrong token: reported`() async throws {
        let setUp = try await DoctorSetUp(isRunning: false)
        let wrong = try setUp.doctor("--json", settings: ["TELEGRAM_BOT_TOKEN": "1:wrong-secret"])
        #expect(wrong.exitCode == 78)
        #expect(try setUp.troubles(wrong).contains { $0.hasPrefix("token failure: Telegram rejects it (401) -> ") })
        #expect(!wrong.text.contains("wrong-secret"))
        let none = try setUp.doctor("--json", settings: ["TELEGRAM_BOT_TOKEN": ""])
        #expect(none.exitCode == 78)
        #expect(
            try setUp.troubles(none).contains {
                $0.hasPrefix("token failure: there is none in the environment (RIVET_") && $0.contains("BotFather")
            }
        )
        let away = try setUp.doctor("--json", settings: ["TELEGRAM_API_URL": "http://127.0.0.1:9"])
        #expect(try setUp.troubles(away).contains { $0.hasPrefix("token failure: http://127.0.0.1:9 did not answer") })
        #expect(try setUp.troubles(away).contains { $0.hasPrefix("clock skipped: not looked at: ") })
        await setUp.end()
    }

    @Test func `A settings file: read, and its mistakes are reported`() async throws {
        let setUp = try await DoctorSetUp()
        let path = setUp.directory.path + "/rivet.env"
        try setUp.directory.write("TELEGRAM_BOT_TOKEN=\(setUp.telegram.token)\nRIVET_LOG_LEVL=debug\n", to: "rivet.env")
        chmod(path, 0o644)
        let open = try setUp.doctor("--json", "--env-file", path, settings: ["TELEGRAM_BOT_TOKEN": ""])
        #expect(open.exitCode == 1)
        let all = try setUp.troubles(open)
        #expect(all.contains { $0.contains("every user may read it -> chmod o-rwx \(path)") }, "\(all)")
        #expect(
            all.contains {
                $0.contains("RIVET_LOG_LEVL is not a setting") && $0.contains("Do you mean RIVET_LOG_LEVEL?")
            }, "\(all)")
        chmod(path, 0o600)
        try setUp.directory.write("RIVET_LOG_LEVEL=loud\n", to: "rivet.env")
        let wrong = try setUp.doctor("--json", settings: ["RIVET_ENV_FILE": path])
        #expect(wrong.exitCode == 78)
        #expect(try setUp.troubles(wrong).contains { $0.contains("RIVET_LOG_LEVEL has a value that is not accepted") })
        try setUp.directory.write("A=1\nRIVET_LOG_LEVEL=hush\0\n", to: "rivet.env")
        let broken = try setUp.doctor("--json", "--env-file", path)
        #expect(broken.exitCode == 78)
        #expect(try setUp.troubles(broken).contains { $0.contains("line 2 has a NUL byte") })
        #expect(!broken.text.contains("hush"))
        await setUp.end()
    }

    @Test func `Files that others may use: reported`() async throws {
        let setUp = try await DoctorSetUp()
        chmod(setUp.directory.path + "/state", 0o755)
        chmod(setUp.directory.path + "/run/state.sock", 0o666)
        chmod(setUp.directory.path + "/run/library.sock", 0o600)
        try setUp.directory.write("", to: "state/state.db.broken-20261122093000000")
        let run = try setUp.doctor("--json")
        #expect(run.exitCode == 1)
        let all = setUp.beside(try setUp.troubles(run))
        #expect(all.count == 4, "\(all)")
        #expect(all.contains { $0.hasPrefix("disk warning: other users may look into") && $0.contains("-> chmod 700") })
        #expect(all.contains { $0.hasPrefix("disk warning: ") && $0.contains("broken and moved aside") })
        #expect(
            all.contains {
                $0.contains("other users may connect to \(setUp.directory.path)/run/state.sock (mode 666)")
            })
        #expect(all.contains { $0.contains("its group may not connect to \(setUp.directory.path)/run/library.sock") })
        await setUp.end()
    }

    // MARK: Findings that are no failures

    /// As in a second terminal while `make run` runs: the services have the token in their environment, and the doctor
    /// does not.
    @Test func `A gateway with its token from elsewhere: no failure`() async throws {
        let setUp = try await DoctorSetUp()
        let run = try setUp.doctor("--json", settings: ["TELEGRAM_BOT_TOKEN": "", "TELEGRAM_API_URL": ""])
        #expect(run.exitCode == 0, "\(run.text)")
        let token = try setUp.findings(run, of: "token")
        #expect(token.count == 1 && token[0].hasPrefix("skipped: not looked at: rivet-gateway has it"))
        try setUp.services[2].kill()
        let dead = try setUp.doctor("--json", settings: ["TELEGRAM_BOT_TOKEN": "", "TELEGRAM_API_URL": ""])
        #expect(dead.exitCode == 78)
        #expect(try setUp.findings(dead, of: "token")[0].hasPrefix("failure: there is none"))
        await setUp.end()
    }

    @Test(.enabled(if: geteuid() == 0, "takes root to run it as another user"))
    func `A stranger: sees what was skipped, and no failure`() async throws {
        let setUp = try await DoctorSetUp()
        try setUp.directory.write("TELEGRAM_BOT_TOKEN=\(setUp.telegram.token)\n", to: "rivet.env")
        chmod(setUp.directory.path + "/rivet.env", 0o600)
        // The log is opened before the user changes.
        let stranger = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        let file = ["--env-file", setUp.directory.path + "/rivet.env"]
        let environment = setUp.settings.filter { $0.key.hasPrefix("RIVET_") }
        let run = try RivetctlRun(["doctor", "--json"] + file, environment, in: setUp.directory, by: stranger)
        #expect(run.exitCode == 0, "\(run.text)")
        #expect(try setUp.troubles(run).allSatisfy { $0.contains(" skipped: not looked at: ") }, "\(run.text)")
        for subject in ["settings", "token", "databases", "disk", "rivet-state", "rivet-library", "rivet-gateway"] {
            let findings = try setUp.findings(run, of: subject)
            #expect(findings.count == 1 && findings[0].contains("sudo"), "\(subject): \(findings)")
        }
        // A command that needs the file says so, and so does one that should call a service.
        for command in [["verify"], ["migrate", "--tier", "neon"], ["health"]] {
            let refused = try RivetctlRun(command + file, environment, in: setUp.directory, by: stranger)
            #expect(refused.exitCode == 1 && refused.lines.count == 1)
            #expect(refused.text.contains("rivet.env: permission denied. Use sudo"), "\(refused.text)")
        }
        let health = try RivetctlRun(["health"], environment, in: setUp.directory, by: stranger)
        #expect(health.exitCode == 2 && health.lines.count { $0.contains(" not asked ") } == 3, "\(health.text)")
        #expect(!health.text.contains(" away "))
        await setUp.end()
    }

    @Test(.enabled(if: geteuid() == 0, "takes root to hide the certificates"))
    func `No certificates of authorities: named with the package that has them`() async throws {
        let setUp = try await DoctorSetUp(isRunning: false)
        let url = (setUp.settings["TELEGRAM_API_URL"] ?? "").replacing("http://", with: "https://")
        let settings = setUp.settings.merging(["TELEGRAM_API_URL": url]) { $1 }
        func token(_ launcher: [String]) throws -> [String] {
            try setUp.findings(
                try RivetctlRun(["doctor", "--json"], settings, in: setUp.directory, by: launcher), of: "token")
        }
        let hidden = try token([
            "/usr/bin/unshare", "--mount", "/bin/sh", "-c", "mount -t tmpfs tmpfs /etc/ssl/certs && exec \"$@\"", "sh",
        ])
        #expect(hidden.count == 1 && hidden[0].contains("there is no /etc/ssl/certs/ca-certificates.crt"), "\(hidden)")
        #expect(hidden[0].contains("apt-get install ca-certificates"))
        let there = try token([])
        #expect(there.count == 1 && there[0].contains("Check the network"), "\(there)")
        await setUp.end()
    }
}
