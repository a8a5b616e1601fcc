import ArgumentParser
import Contracts
import ServiceKit
import TestSupport
import Testing

@testable import Control
@testable import Persistence

@Suite struct TierDatabaseTests {
    private static let url = "postgresql://rivet:hush@db.example/main"

    private func database() throws -> TierDatabase {
        TierDatabase(name: .supabase, target: try PostgresTarget(url: Self.url))
    }

    private func error(_ state: String?, _ failure: PostgresFailure, _ cause: PostgresCause) -> PostgresError {
        PostgresError(
            outcome: .notSent, failure: failure, sqlState: state.flatMap { SQLState($0) }, operation: "connect",
            cause: cause)
    }

    @Test func `Databases: named by the settings or the credentials`() throws {
        let directory = try TestDirectory()
        try directory.write(Self.url + "\n", to: "railway-database-url")
        let settings = Settings(variables: [
            "NEON_DATABASE_URL": Self.url, "CREDENTIALS_DIRECTORY": directory.path,
        ])
        #expect(try TierDatabase.configured(settings).map(\.name) == [.neon, .railway])
        #expect(try TierDatabase.configured(Settings(variables: [:])).isEmpty)
    }

    @Test func `A malformed URL: an error of the settings, and not shown`() {
        let settings = Settings(variables: ["NEON_DATABASE_URL": "postgresql://rivet:hush@[x/main"])
        let failure = #expect(throws: CommandFailure.self) { try TierDatabase.configured(settings) }
        #expect(failure?.exitCode == ExitCodes.configuration)
        #expect(failure?.line.contains("NEON_DATABASE_URL") == true && failure?.line.contains("hush") == false)
    }

    @Test(
        arguments: [
            (.refused, .reconnect, "Does it run, and can it be reached from here? Its address is in SUPABASE_"),
            (
                .password, .unusable,
                "Check user and password in SUPABASE_DATABASE_URL, or the credential supa"
            ),
            (.databaseUnknown, .unusable, "Create the database, or correct its name in SUPABASE_DATABASE_URL"),
            (.privilege, .unusable, "Its user needs the right to do this"), (.readOnly, .unusable, "Is it a standby"),
            (.diskFull, .unusable, "It is out of disk, memory or connections"), (.busy, .retry, "It was busy"),
            (.statement, .bug, "The server's log says more"),
            (.tlsRequired, .unusable, "Add sslmode=require to SUPABASE_"),
            (.networkNotAllowed, .reconnect, "Link /usr/share/rivet/remote-tiers.conf into the units"),
            (.rootCertificates, .reconnect, "apt-get install ca-certificates"),
        ] as [(PostgresCause, PostgresFailure, String)])
    func `A failure: has its cause and a next step`(
        _ cause: PostgresCause, _ failure: PostgresFailure, _ nextStep: String
    ) throws {
        let told = try database().failure(error("28P01", failure, cause), exitCode: ExitCodes.unreachable)
        #expect(told.nextStep?.hasPrefix(nextStep) == true)
        #expect(told.cause == "supabase: connect: \(cause) (SQLSTATE 28P01)" && told.exitCode == 2)
        #expect(!told.line.contains("hush"))
    }

    @Test func `A tier that is not configured: an error of the settings`() {
        let setUp = SetUp(environment: ["RIVET_RUNTIME_DIR": "/x"], hasLocalDirectory: false)
        #expect(
            TierDatabase.missing(.neon, in: setUp).line
                == "rivetctl: neon is not configured: looked for NEON_DATABASE_URL in the environment "
                + "(RIVET_RUNTIME_DIR is set, so /etc/rivet/rivet.env was not read). Set it where the services read "
                + "it; or name their settings file with --env-file")
        #expect(TierDatabase.missing(nil, in: setUp).exitCode == ExitCodes.configuration)
    }

    @Test func `A comparison that failed: explained`() throws {
        func failure(_ error: VerificationError) throws -> CommandFailure {
            VerifyCommand.failure(error, try database(), "/var/lib/rivet/state.db")
        }
        let error = error(nil, .reconnect, .closedByServer)
        let older = try failure(.tierIsOlder(missing: [4, 6]))
        #expect(
            older.line
                == "rivetctl: supabase has not had migration 4, 6. Run rivetctl migrate --tier supabase, or start the "
                + "services with that tier")
        let missing = SQLiteError(
            code: 14, message: "No such file or directory", operation: "open /var/lib/rivet/state.db")
        let local = try failure(.local(.open(missing)))
        #expect(local.line.contains("No such file") && local.nextStep?.contains("--state-dir") == true)
        let newer = PostgresMigrationError.databaseIsNewer(database: "db/main", found: 9, known: 7)
        for told in [older, local, try failure(.tier(error)), try failure(.tierIsNewer(newer))] {
            #expect(told.exitCode == ExitCodes.unreachable)
        }
    }
}

/// The command lines that the parser accepts.
@Suite struct TierCommandLineTests {
    @Test(arguments: [
        ["migrate", "--tier", "sqlite"], ["migrate", "--tier", "neon", "--all"], ["verify", "--limit", "-1"],
        ["verify", "--limit", "x"], ["verify", "--state-dir", ""], ["import-legacy"], ["import-legacy", ""],
        ["pull", "--timeout", "5"], ["tiers", "--timeout", "0s"],
    ])
    func `A wrong command line: a usage error`(_ arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try Rivetctl.parseAsRoot(arguments) }
        if let error { #expect(Rivetctl.exitCode(for: error).rawValue == ExitCodes.usage) }
    }

    @Test func `A right command line: accepted`() throws {
        let migrate = try #require(try Rivetctl.parseAsRoot(["migrate", "--tier", "railway"]) as? MigrateCommand)
        #expect(migrate.tier?.tier == .railway && !migrate.all)
        let verify = try #require(try Rivetctl.parseAsRoot(["verify", "--limit", "3", "--json"]) as? VerifyCommand)
        #expect(verify.limit == 3 && verify.json)
        let pull = try #require(try Rivetctl.parseAsRoot(["pull", "--timeout", "5s"]) as? PullCommand)
        #expect(pull.timeout?.duration == .seconds(5))
    }
}
