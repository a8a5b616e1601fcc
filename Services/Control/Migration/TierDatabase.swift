import Contracts
import Persistence
import ServiceKit

/// The PostgreSQL database of a tier, as the settings name it.
struct TierDatabase {
    /// Long enough for a sleeping database to wake up.
    static let connectDeadline = Duration.seconds(30)
    /// For one migration, which may process a million rows.
    static let migrationDeadline = Duration.seconds(600)

    var name: TierName
    var target: PostgresTarget

    /// The configured databases, best first.
    static func configured(_ settings: Settings) throws(CommandFailure) -> [TierDatabase] {
        do throws(ConfigurationError) {
            return try TierSettings(settings).databases {
                try PostgresTarget(url: $0, applicationName: "rivetctl")
            }.map { TierDatabase(name: $0.name, target: $0.target) }
        } catch { throw CommandFailure(error) }
    }

    /// The configured databases, with the credentials of rivet-state; rivet-library has the same ones.
    static func configured(_ setUp: SetUp) async throws(CommandFailure) -> [TierDatabase] {
        try configured(await setUp.settings(of: .state))
    }

    /// How to apply a changed URL.
    static let applying =
        "then systemctl reload rivet-state rivet-library, or restart them if the URL is a credential"

    static func setting(of tier: TierName) -> String { tier.rawValue.uppercased() + "_DATABASE_URL" }

    /// The failure when `tier` is not configured; for nil, when no tier is.
    static func missing(_ tier: TierName?, in setUp: SetUp) -> CommandFailure {
        let settings =
            tier.map { setting(of: $0) } ?? "NEON_DATABASE_URL, SUPABASE_DATABASE_URL or RAILWAY_DATABASE_URL"
        return CommandFailure(
            "\(tier?.rawValue ?? "no PostgreSQL tier") is \(tier == nil ? "" : "not ")configured: "
                + "looked for \(settings) in \(setUp.source(of: .state))",
            nextStep: "Set it where the services read it; or name their settings file with --env-file",
            exitCode: ExitCodes.configuration)
    }

    func connect(deadline: Duration = connectDeadline) async throws(CommandFailure) -> PostgresConnection {
        do { return try await PostgresConnection.open(target, deadline: deadline).value.get() } catch {
            throw failure(error)
        }
    }

    /// Applies the missing migrations of both stores. Services may use the database meanwhile.
    /// - Returns: the versions of the applied migrations, and a note for the operator if triggers are missing.
    func migrate() async throws(CommandFailure) -> (applied: [Int64], note: String?) {
        let connection = try await connect()
        defer { connection.close() }
        var applied: [Int64] = []
        for store in [Migrator.Store.conversations, .machines] {
            let migrator = PostgresMigrator(store: store, deadline: Self.migrationDeadline)
            do { applied += try await migrator.migrate(connection) } catch {
                switch error {
                case .databaseIsNewer: throw CommandFailure("\(name.rawValue): \(error)")
                case .failed(let version, let error):
                    let doing = version == 0 ? "" : "migration \(version) failed and was undone: "
                    throw failure(error, doing: doing)
                }
            }
        }
        do throws(PostgresError) {
            let missing = try await PostgresMigrator.missingTriggers(connection)
            let note = PostgresMigrator.note(ofMissingTriggers: missing).map { "\($0.cause). \($0.nextStep)" }
            return (applied.sorted(), note)
        } catch { throw failure(error) }
    }

    /// The failure to report for `error`.
    func failure(_ error: PostgresError, doing: String = "", exitCode: Int32 = ExitCodes.failed) -> CommandFailure {
        CommandFailure("\(name.rawValue): \(doing)\(error)", nextStep: nextStep(error), exitCode: exitCode)
    }

    /// What to do about `error`: the setting to check, or the command to run.
    private func nextStep(_ error: PostgresError) -> String {
        let setting = "\(Self.setting(of: name)), or the credential \(name.rawValue)-database-url"
        switch error.cause {
        case .networkNotAllowed:
            return "Link /usr/share/rivet/remote-tiers.conf into the units of rivet-state and rivet-library: rivet.env "
                + "has the commands"
        case .addressFamilyMissing: return "Use a host that has an IPv4 address (a pooler's often has) in \(setting)"
        case .tlsRequired: return "Add sslmode=require to \(setting)"
        case .tlsNotOffered: return "Turn TLS on there, or remove sslmode from \(setting)"
        case .certificate, .rootCertificates:
            return
                "apt-get install ca-certificates, and write sslmode=verify-full&sslrootcert="
                + "\(PostgresTarget.systemRoots) in \(setting); or sslmode=require, which trusts any certificate"
        case .clientCertificate: return "May its user read the files sslcert and sslkey of \(setting)?"
        case .notPostgres: return "Check the port in \(setting)"
        case .tenantUnknown: return "Check the user name in \(setting): a pooler needs the project in it"
        case .databaseUnknown: return "Create the database, or correct its name in \(setting)"
        case .privilege:
            return "Its user needs the right to do this: GRANT CREATE, USAGE ON SCHEMA public TO that user"
        case .readOnly: return "Is it a standby, or is its quota used up?"
        case .password, .noPassword, .userUnknown, .notAdmitted, .authenticationMethod:
            return "Check user and password in \(setting)"
        case .diskFull, .resources, .tooManyConnections:
            return "It is out of disk, memory or connections: make room there, then run this again"
        default: break
        }
        switch error.failure {
        case .reconnect, .unusable: return "Does it run, and can it be reached from here? Its address is in \(setting)"
        case .retry: return "It was busy with something else: run this again"
        case .conflict, .bug: return "The server's log says more; are its tables Rivet's?"
        }
    }
}
