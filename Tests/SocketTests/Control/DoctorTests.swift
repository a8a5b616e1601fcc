import Contracts
import Foundation
import Glibc
import TelegramSimulator
import TestSupport
import Testing

/// `rivetctl doctor` against set-ups that are whole, and broken in one way each.
@Suite(.withProcesses)
struct DoctorCommandTests {
    /// The services of a set-up, and what doctor says of it.
    private struct SetUp {
        let telegram: TelegramSimulator
        let directory: TestDirectory
        let services: [RivetProcess]
        var settings: [String: String]

        init(_ more: [String: String] = [:], isRunning: Bool = true) async throws {
            telegram = TelegramSimulator()
            directory = try TestDirectory()
            settings = [
                "TELEGRAM_API_URL": try await telegram.start(), "TELEGRAM_BOT_TOKEN": telegram.token,
                "RIVET_STATE_DIR": directory.path + "/state", "RIVET_RUNTIME_DIR": directory.path + "/run",
            ].merging(more) { $1 }
            let (settings, directory) = (settings, directory)
            services = try [RivetBinary.state, .library, .gateway].map { try made($0, settings, in: directory) }
            if isRunning {
                let services = services
                _ = try onThreads(services.count) { try services[$0].start() }
                try await eventually("the gateway has heard of Telegram and the services") {
                    try services[2].client().result("service.health")["status"] == "ok"
                }
            }
        }

        func doctor(_ arguments: String..., settings more: [String: String] = [:]) throws -> Rivetctl {
            let settings = settings.merging(more) { $1 }.filter { !$0.value.isEmpty }
            return try Rivetctl(["doctor", "--timeout", "3s"] + arguments, settings, in: directory)
        }

        func end() async {
            for service in services { try? service.kill() }
            await telegram.stop()
        }
    }

    /// The findings that are not `ok`, as `subject level text -> next step`.
    private func troubles(_ run: Rivetctl) throws -> [String] {
        try (run.json["findings"]?.arrayValue ?? []).filter { $0["level"] != "ok" }.map { finding in
            let words = ["subject", "level", "finding", "next_step"].map { finding[$0]?.stringValue ?? "" }
            #expect(!words.contains(""), "\(finding)")
            return "\(words[0]) \(words[1]): \(words[2]) -> \(words[3])"
        }
    }

    /// What a machine may have that is no fault of the set-up.
    private func beside(_ troubles: [String]) -> [String] {
        troubles.filter { !$0.hasPrefix("clock ") && !$0.contains(" is slow: ") && !$0.contains(" MiB are free at ") }
    }

    @Test func aSetUpThatIsWholeIsWell() async throws {
        let setUp = try await SetUp()
        let run = try setUp.doctor("--json")
        #expect(beside(try troubles(run)) == [])
        let subjects = try run.json["findings"]?.arrayValue?.compactMap { $0["subject"]?.stringValue } ?? []
        for subject in ["settings", "token", "databases", "disk", "sockets", "rivet-state", "rivet-gateway", "units"] {
            #expect(subjects.contains(subject), "\(subject)")
        }
        let text = try setUp.doctor()
        #expect(text.text.contains("ok       token") && text.exitCode == run.exitCode)
        #expect(!run.text.contains(setUp.telegram.token))
        // What it wrote to try the disk is gone.
        let names = try FileManager.default.contentsOfDirectory(atPath: setUp.directory.path + "/state")
        #expect(!names.contains { $0.contains("doctor") })
        await setUp.end()
    }

    @Test func nothingThatRunsIsToldService() async throws {
        let setUp = try await SetUp(isRunning: false)
        let run = try setUp.doctor("--json")
        #expect(run.exitCode == 2)
        let all = try troubles(run)
        for unit in ["rivet-state", "rivet-library", "rivet-gateway"] {
            #expect(all.contains { $0.hasPrefix("\(unit) failure: ") && $0.contains("systemctl status") }, "\(all)")
        }
        #expect(all.contains { $0.hasPrefix("disk failure: ") && $0.contains("RIVET_STATE_DIR") }, "\(all)")
        await setUp.end()
    }

    @Test func aTokenThatIsWrongIsTold() async throws {
        let setUp = try await SetUp(isRunning: false)
        let wrong = try setUp.doctor("--json", settings: ["TELEGRAM_BOT_TOKEN": "1:wrong-secret"])
        #expect(wrong.exitCode == 78)
        #expect(try troubles(wrong).contains { $0.hasPrefix("token failure: Telegram refuses it (401) -> ") })
        #expect(!wrong.text.contains("wrong-secret"))
        let none = try setUp.doctor("--json", settings: ["TELEGRAM_BOT_TOKEN": ""])
        #expect(none.exitCode == 78)
        #expect(
            try troubles(none).contains { $0.hasPrefix("token failure: there is none -> ") && $0.contains("BotFather") }
        )
        let away = try setUp.doctor("--json", settings: ["TELEGRAM_API_URL": "http://127.0.0.1:9"])
        #expect(try troubles(away).contains { $0.hasPrefix("token failure: http://127.0.0.1:9 gave no answer") })
        #expect(try troubles(away).contains { $0.hasPrefix("clock warning: nobody could be asked") })
        await setUp.end()
    }

    @Test func aFileOfSettingsIsReadAndItsMistakesAreTold() async throws {
        let setUp = try await SetUp()
        let path = setUp.directory.path + "/rivet.env"
        try setUp.directory.write("TELEGRAM_BOT_TOKEN=\(setUp.telegram.token)\nRIVET_LOG_LEVL=debug\n", to: "rivet.env")
        chmod(path, 0o644)
        let open = try setUp.doctor("--json", "--env-file", path, settings: ["TELEGRAM_BOT_TOKEN": ""])
        #expect(open.exitCode == 1)
        let all = try troubles(open)
        #expect(all.contains { $0.contains("everybody may read it -> chmod o-rwx \(path)") }, "\(all)")
        #expect(
            all.contains { $0.contains("RIVET_LOG_LEVL is no setting") && $0.contains("Is it RIVET_LOG_LEVEL?") },
            "\(all)")
        chmod(path, 0o600)
        try setUp.directory.write("RIVET_LOG_LEVEL=loud\n", to: "rivet.env")
        let wrong = try setUp.doctor("--json", settings: ["RIVET_ENV_FILE": path])
        #expect(wrong.exitCode == 78)
        #expect(try troubles(wrong).contains { $0.contains("RIVET_LOG_LEVEL is \"loud\"") })
        try setUp.directory.write("RIVET_LOG_LEVEL\n", to: "rivet.env")
        let broken = try setUp.doctor("--json", "--env-file", path)
        #expect(broken.exitCode == 78)
        #expect(try troubles(broken).contains { $0.contains("line 1 is none") })
        await setUp.end()
    }

    @Test func filesThatOthersMayUseAreTold() async throws {
        let setUp = try await SetUp()
        chmod(setUp.directory.path + "/state", 0o755)
        chmod(setUp.directory.path + "/run/state.sock", 0o666)
        chmod(setUp.directory.path + "/run/library.sock", 0o600)
        try setUp.directory.write("", to: "state/state.db.broken-20261122093000000")
        let run = try setUp.doctor("--json")
        #expect(run.exitCode == 1)
        let all = beside(try troubles(run))
        #expect(all.count == 4, "\(all)")
        #expect(all.contains { $0.hasPrefix("disk warning: others may look into") && $0.contains("-> chmod 700") })
        #expect(all.contains { $0.hasPrefix("disk warning: ") && $0.contains("broken and moved aside") })
        #expect(all.contains { $0.contains("others may connect to \(setUp.directory.path)/run/state.sock (mode 666)") })
        #expect(all.contains { $0.contains("its group may not connect to \(setUp.directory.path)/run/library.sock") })
        await setUp.end()
    }

    // MARK: Databases

    @Test(.enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
    func databasesAreLookedInto() async throws {
        let (neon, empty) = (try await PlainDatabase(), try await PlainDatabase())
        let setUp = try await SetUp(["NEON_DATABASE_URL": neon.url])
        try await eventually("both have made their tables") {
            guard try await neon.rows("SELECT to_regclass('schema_migrations')") == [["schema_migrations"]] else {
                return false
            }
            return try await neon.rows("SELECT count(*) FROM schema_migrations") == [["6"]]
        }
        let well = try setUp.doctor("--json")
        #expect(beside(try troubles(well)) == [])
        #expect(well.text.contains("up to date"))
        // The database's clock is this machine's.
        #expect(try troubles(well).filter { $0.hasPrefix("clock ") } == [])

        let user = "doctor_\(UInt32.random(in: 0 ... .max))"
        try await empty.rows("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        try await neon.rows("CREATE ROLE \(user) LOGIN")
        let run = try setUp.doctor(
            "--json",
            settings: [
                "NEON_DATABASE_URL": Self.url(neon.url, of: user), "SUPABASE_DATABASE_URL": empty.url,
                "RAILWAY_DATABASE_URL": "postgresql://rivet:hush@127.0.0.1:9/rivet",
            ])
        #expect(run.exitCode == 2 && !run.text.contains("hush"))
        let all = try troubles(run)
        #expect(
            all.contains {
                $0.hasPrefix("neon failure: \(user) may not read and write conversation_states, user_machines -> GRANT")
            }, "\(all)")
        #expect(
            all.contains { $0.hasPrefix("supabase warning: migration 2, 3, 4, 5, 6, 7 was not applied yet") }, "\(all)")
        #expect(
            all.contains {
                $0.hasPrefix("railway failure: ") && $0.contains("127.0.0.1:9") && $0.contains("Does it run")
            }, "\(all)")
        // One who may do nothing in a new one.
        let poor = try setUp.doctor("--json", settings: ["NEON_DATABASE_URL": Self.url(empty.url, of: user)])
        #expect(
            try troubles(poor).contains {
                $0.hasPrefix("neon failure: \(user) may not make tables in it -> GRANT CREATE")
            })
        let newer = try await PlainDatabase()
        try await newer.rows(
            "CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY, name TEXT, applied_at TIMESTAMP)")
        try await newer.rows("INSERT INTO schema_migrations VALUES (999, 'later')")
        try await newer.rows("ALTER DATABASE \(newer.name) SET default_transaction_read_only = on")
        let later = try setUp.doctor("--json", settings: ["NEON_DATABASE_URL": newer.url])
        #expect(
            try troubles(later).contains { $0.hasPrefix("neon failure: ") && $0.contains("has schema version 999") })
        #expect(try troubles(later).contains { $0.hasPrefix("neon failure: it takes no writes") })
        await setUp.end()
    }

    private static func url(_ url: String, of user: String) -> String {
        url.contains("?") ? url + "&user=\(user)" : url + "?user=\(user)"
    }
}
