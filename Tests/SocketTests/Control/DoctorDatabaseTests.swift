import Contracts
import Foundation
import TestSupport
import Testing

/// What `rivetctl doctor` reports about PostgreSQL databases, all of them real.
@Suite(.withProcesses, .enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
struct DoctorDatabaseTests {
    /// A server that keeps what it acknowledged.
    private static let durable = Result { try PostgresCluster(isDurable: true) }

    @Test func `Databases: their schema, rights and reachability are checked`() async throws {
        let durable = try Self.durable.get()
        let (neon, empty) = (try await PlainDatabase(on: durable), try await PlainDatabase(on: durable))
        let setUp = try await DoctorSetUp(["NEON_DATABASE_URL": neon.url])
        try await eventually("both have made their tables") {
            guard try await neon.rows("SELECT to_regclass('rivet_schema_migrations') IS NOT NULL") == [["t"]] else {
                return false
            }
            return try await neon.rows("SELECT count(*) FROM rivet_schema_migrations") == [["8"]]
        }
        let well = try setUp.doctor("--json")
        #expect(setUp.beside(try setUp.troubles(well)) == [])
        #expect(well.text.contains("up to date"))
        // The database's clock is this machine's.
        #expect(try setUp.troubles(well).filter { $0.hasPrefix("clock ") } == [])

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
        let all = try setUp.troubles(run)
        #expect(
            all.contains {
                $0.hasPrefix("neon failure: \(user) may not read and write conversation_states, user_machines -> GRANT")
            }, "\(all)")
        #expect(
            all.contains { $0.hasPrefix("supabase warning: migration 2, 3, 4, 5, 6, 7, 8, 9 was not applied yet") },
            "\(all)")
        #expect(
            all.contains {
                $0.hasPrefix("railway failure: ") && $0.contains("127.0.0.1:9") && $0.contains("Does it run")
            }, "\(all)")
        // A user without rights in a new database.
        let poor = try setUp.doctor("--json", settings: ["NEON_DATABASE_URL": Self.url(empty.url, of: user)])
        #expect(
            try setUp.troubles(poor).contains {
                $0.hasPrefix("neon failure: \(user) may not create tables in it -> GRANT CREATE")
            })
        let newer = try await PlainDatabase(on: durable)
        try await newer.rows(
            "CREATE TABLE rivet_schema_migrations (version BIGINT PRIMARY KEY, name TEXT, applied_at TIMESTAMP)")
        try await newer.rows("INSERT INTO rivet_schema_migrations VALUES (999, 'later')")
        try await newer.rows("ALTER DATABASE \(newer.name) SET default_transaction_read_only = on")
        let later = try setUp.doctor("--json", settings: ["NEON_DATABASE_URL": newer.url])
        #expect(
            try setUp.troubles(later).contains {
                $0.hasPrefix("neon failure: ") && $0.contains("has schema version 999")
            })
        #expect(try setUp.troubles(later).contains { $0.hasPrefix("neon failure: it takes no writes") })
        await setUp.end()
    }

    // MARK: Servers and databases that lose or refuse writes

    /// The findings of the tier `neon`, each with the SQL of its next step.
    private func look(
        _ setUp: DoctorSetUp, _ url: String
    ) throws -> [(text: String, statements: [String])] {
        let run = try setUp.doctor("--json", settings: ["NEON_DATABASE_URL": url])
        return try setUp.findings(run, of: "neon").map { finding in
            let nextStep = finding.split(separator: " -> ").last ?? ""
            let statements = nextStep.replacing("As superuser, in psql: ", with: "").split(separator: ";").map {
                String($0.drop { $0 == " " })
            }
            return (finding, statements.filter { $0.contains(#/^(SET|ALTER|CREATE|SELECT) /#) })
        }
    }

    @Test func `A server that does not wait for its disk: reported with the SQL that corrects it`() async throws {
        let server = try PostgresCluster(settings: "full_page_writes = off")
        let database = try await PlainDatabase(on: server)
        let setUp = try await DoctorSetUp(isRunning: false)
        for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
            let told = try #require(
                try look(setUp, database.url).first { $0.text.hasPrefix("warning: \(setting) is off") }, "\(setting)")
            #expect(!told.statements.isEmpty, "\(told.text)")
            try database.psql(told.statements, in: setUp.directory)
            try await eventually("\(setting) is on") {
                try !look(setUp, database.url).contains { $0.text.contains("\(setting) is off") }
            }
        }
        await setUp.end()
    }

    @Test(arguments: ["ALTER DATABASE %", "ALTER ROLE rivet", "ALTER ROLE rivet IN DATABASE %"])
    func `A database that does not wait for its disk: corrected where it was set`(_ place: String) async throws {
        let server = try PostgresCluster(isDurable: true)
        let database = try await PlainDatabase(on: server)
        let place = place.replacing("%", with: database.name)
        try database.psql(["\(place) SET synchronous_commit = off"], in: try TestDirectory())
        let setUp = try await DoctorSetUp(isRunning: false)
        let told = try #require(
            try look(setUp, database.url).first { $0.text.hasPrefix("warning: synchronous_commit is off") })
        #expect(told.text.contains("then systemctl restart rivet-state rivet-library"))
        try database.psql(told.statements, in: setUp.directory)
        #expect(try !look(setUp, database.url).contains { $0.text.contains("synchronous_commit") })
        await setUp.end()
    }

    @Test func `A URL that turns waiting for the disk off: reported with its variable`() async throws {
        let database = try await PlainDatabase(on: try Self.durable.get())
        let setUp = try await DoctorSetUp(isRunning: false)
        let told = try look(setUp, database.url + "&options=-c%20synchronous_commit%3Doff")
        #expect(
            told.contains {
                $0.text.contains(
                    "-> Remove synchronous_commit from the options in NEON_DATABASE_URL; then systemctl reload")
            }, "\(told)")
        await setUp.end()
    }

    @Test func `A database that is not UTF8: refused by name, with the command that makes one`() async throws {
        let latin = "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"
        let database = try await PlainDatabase(on: try Self.durable.get(), latin)
        let setUp = try await DoctorSetUp(isRunning: false)
        let told = try #require(try look(setUp, database.url).first { $0.text.contains("encoding") })
        #expect(told.text.hasPrefix("failure: its encoding is LATIN1"))
        try database.psql(told.statements, in: setUp.directory)
        let better = database.url.replacing(database.name, with: database.name + "_utf8")
        let migrated = try RivetctlRun(
            ["migrate", "--tier", "neon"], setUp.settings.merging(["NEON_DATABASE_URL": better]) { $1 },
            in: setUp.directory)
        #expect(migrated.exitCode == 0, "\(migrated.text)")
        #expect(try look(setUp, better).isEmpty)
        await setUp.end()
    }

    @Test func `A database that takes no writes: reported with the reason, and with SQL where it helps`() async throws {
        let server = try PostgresCluster(isDurable: true)
        let database = try await PlainDatabase(on: server)
        let setUp = try await DoctorSetUp(isRunning: false)
        try await database.rows("ALTER DATABASE \(database.name) SET default_transaction_read_only = on")
        let told = try #require(try look(setUp, database.url).first { $0.text.contains("takes no writes") })
        #expect(told.text.contains("default_transaction_read_only is on"))
        try database.psql(told.statements, in: setUp.directory)
        #expect(try !look(setUp, database.url).contains { $0.text.contains("takes no writes") })
        server.stop()
        try server.startAsStandby()
        let standby = try #require(try look(setUp, database.url).first { $0.text.contains("takes no writes") })
        #expect(standby.text.contains("it is a standby -> Name the primary in NEON_DATABASE_URL"))
        await setUp.end()
    }

    private static func url(_ url: String, of user: String) -> String {
        url.contains("?") ? url + "&user=\(user)" : url + "?user=\(user)"
    }
}
