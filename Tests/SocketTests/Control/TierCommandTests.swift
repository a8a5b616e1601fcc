import Contracts
import Foundation
import TestSupport
import Testing

/// `rivetctl tiers`, `migrate` and `pull`, with running services.
@Suite(.withProcesses, .enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
struct TierCommandTests {
    private static let nowhere = "postgresql://rivet:hush@127.0.0.1:9/rivet"

    @Test func `Tiers: shown for each service`() async throws {
        let neon = try await PlainDatabase()
        let services = try StoringServices(["NEON_DATABASE_URL": neon.url])
        let away = try services.control("tiers")
        #expect(away.exitCode == 2 && away.text.contains("rivet-library does not answer"))
        try services.start()
        try await services.settle()
        let run = try services.control("tiers", "--json")
        #expect(run.exitCode == 0, "\(run.text)")
        for service in ["rivet-state", "rivet-library"] {
            let tiers = try run.json["services"]?[service]?["tiers"]?.arrayValue ?? []
            #expect(tiers.compactMap { $0["name"]?.stringValue } == ["neon", "sqlite", "memory"])
            #expect(try run.json["services"]?[service]?["counters"]?["pulls.neon"] == 1)
        }
        #expect(try services.control("tiers").lines.count { $0.contains(" neon ") && $0.contains(" up ") } == 2)
    }

    @Test func `A tier that is unavailable: shown with its error`() async throws {
        let services = try StoringServices(["NEON_DATABASE_URL": Self.nowhere])
        try services.start()
        _ = try services.state.client().result("state.save", saving("7"))
        let run = try services.control("tiers")
        #expect(run.exitCode == 1)
        #expect(run.lines.contains { $0.hasPrefix("rivet-state: neon: ") && $0.contains("127.0.0.1") })
        #expect(!run.text.contains("hush"))
        let pull = try services.control("pull", "--timeout", "300ms")
        #expect(pull.exitCode == 1 && pull.errors.count == 2)
        #expect(pull.errors.allSatisfy { $0.contains("neon was not compared to the end within 300ms") })
    }

    // MARK: migrate

    @Test func `The database of a tier: migrated while services run`() async throws {
        let (neon, railway) = (try await PlainDatabase(), try await PlainDatabase())
        let services = try StoringServices()
        try services.start()
        let settings = ["NEON_DATABASE_URL": neon.url, "RAILWAY_DATABASE_URL": railway.url]
        let run = try services.control("migrate", "--tier", "railway", "--json", settings: settings)
        #expect(run.exitCode == 0, "\(run.text)")
        #expect(try run.json["databases"]?.keys == ["railway"])
        #expect(try run.json["databases"]?["railway"]?["applied"] == [2, 3, 4, 5, 6, 7, 8, 9])
        #expect(try await neon.rows("SELECT to_regclass('user_machines')") == [[nil]])
        let again = try services.control("migrate", "--tier", "railway", settings: settings)
        #expect(again.exitCode == 0 && again.lines.first?.hasSuffix(": up to date") == true)
    }

    @Test func `A database of the earlier bot: keeps its rows`() async throws {
        let neon = try await PlainDatabase()
        try await neon.rows(
            """
            CREATE TABLE conversation_states (
                id SERIAL PRIMARY KEY, user_id TEXT NOT NULL, chat_id TEXT NOT NULL,
                conversation_type TEXT NOT NULL DEFAULT 'add_machine', current_step TEXT NOT NULL,
                state_data JSONB NOT NULL DEFAULT '{}', started_at TIMESTAMP DEFAULT NOW(),
                updated_at TIMESTAMP DEFAULT NOW(), expires_at TIMESTAMP DEFAULT (NOW() + INTERVAL '24 hours'),
                UNIQUE(user_id, chat_id, conversation_type))
            """)
        try await neon.rows(
            """
            CREATE TABLE user_machines (
                id SERIAL PRIMARY KEY, user_id TEXT NOT NULL, nickname TEXT NOT NULL, manufacturer TEXT,
                model_number TEXT, serial_number TEXT, location TEXT, notes TEXT, photo_file_id TEXT, ocr_data JSONB,
                created_at TIMESTAMP DEFAULT NOW(), updated_at TIMESTAMP DEFAULT NOW())
            """)
        try await neon.rows(
            """
            INSERT INTO conversation_states (user_id, chat_id, current_step, state_data)
            VALUES ('7', '7', 'model', '{"nickname": "Pump"}')
            """)
        try await neon.rows("INSERT INTO user_machines (user_id, nickname) VALUES ('7', 'Compressor')")
        let services = try StoringServices(["NEON_DATABASE_URL": neon.url])
        let run = try services.control("migrate", "--tier", "neon")
        #expect(run.exitCode == 0, "\(run.text)")
        #expect(run.lines.first?.hasSuffix(": applied 2, 3, 4, 5, 6, 7, 8, 9") == true, "\(run.text)")
        #expect(try await neon.rows("SELECT user_id, current_step FROM conversation_states") == [["7", "model"]])
        #expect(try await neon.rows("SELECT nickname FROM user_machines") == [["Compressor"]])
        try services.start()
        #expect(try services.state.client().result("state.load", conversation("7"))["state"]?["step"] == "model")
        #expect(try services.library.client().result("library.list", ["user_id": "7"])["total"] == 1)
    }

    @Test func `A database that fails: does not stop the others`() async throws {
        let railway = try await PlainDatabase()
        let services = try StoringServices([
            "NEON_DATABASE_URL": Self.nowhere, "RAILWAY_DATABASE_URL": railway.url,
        ])
        try FileManager.default.createDirectory(
            atPath: services.state.stateDirectory, withIntermediateDirectories: true)
        let run = try services.control("migrate", "--all")
        #expect(run.exitCode == 1 && run.errors.count == 1 && !run.text.contains("hush"))
        #expect(run.errors.first?.contains("Does it run, and can it be reached from here?") == true)
        for done in [
            "state.db: applied 2, 4, 6, 8", "library.db: applied 3, 5, 7, 9", "): applied 2, 3, 4, 5, 6, 7, 8, 9",
        ] {
            #expect(run.text.contains(done))
        }
        let unknown = try services.control("migrate", "--tier", "supabase")
        #expect(unknown.exitCode == 78 && unknown.text.contains("SUPABASE_DATABASE_URL"))
        // Without --all as before: only the local files.
        let local = try services.control("migrate", "--json")
        #expect(try local.exitCode == 0 && local.json["databases"]?.keys == ["state.db", "library.db"])
    }

    // MARK: pull

    @Test func `Changes by other programs: imported by a pull`() async throws {
        let (neon, supabase) = (try await PlainDatabase(), try await PlainDatabase())
        let services = try StoringServices(["NEON_DATABASE_URL": neon.url, "SUPABASE_DATABASE_URL": supabase.url])
        try services.start()
        _ = try services.state.client().result("state.save", saving("7", step: "model", data: ["nickname": "Pump"]))
        try await services.settle()
        let nothing = try services.control("pull", "--json")
        #expect(nothing.exitCode == 0, "\(nothing.text)")
        #expect(
            try nothing.json["services"]?["rivet-state"]
                == ["tiers": ["neon", "supabase"], "adopted": 0, "unfinished": []])

        try await neon.rows(
            """
            UPDATE conversation_states SET current_step = 'notes', updated_at = now() AT TIME ZONE 'UTC'
            WHERE user_id = '7'
            """)
        try await supabase.rows("INSERT INTO user_machines (user_id, nickname) VALUES ('7', 'Compressor')")
        let run = try services.control("pull")
        #expect(
            run.lines == [
                "rivet-state: 1 row imported from neon, supabase", "rivet-library: 1 row imported from neon, supabase",
            ])
        #expect(try services.state.client().result("state.load", conversation("7"))["state"]?["step"] == "notes")
        let machines = try services.library.client().result("library.list", ["user_id": "7"])["machines"]
        #expect(machines?[0]?["nickname"] == "Compressor")
        // A newer row of one tier is in the other, too.
        #expect(try await supabase.rows("SELECT current_step FROM conversation_states") == [["notes"]])
        #expect(try await neon.rows("SELECT nickname FROM user_machines") == [["Compressor"]])
        let verified = try services.control("verify")
        #expect(verified.exitCode == 0, "\(verified.text)")
    }

    @Test func `A pull without tiers: has nothing to import`() throws {
        let services = try StoringServices()
        let away = try services.control("pull")
        #expect(away.exitCode == 2 && away.errors.count == 2)
        try services.start()
        #expect(try services.state.client().result("tiers.pull") == ["started": []])
        let run = try services.control("pull")
        #expect(run.exitCode == 0 && run.lines.first == "rivet-state: no PostgreSQL tier is configured")
    }
}
