import ArgumentParser
import Contracts
import Persistence
import ServiceKit

/// Compares the local files with the databases of the tiers, key by key.
struct VerifyCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compares what the local disk and each PostgreSQL tier hold, key by key.",
        discussion: """
            Reads state.db, library.db and the database of every configured tier (*_DATABASE_URL), including deleted \
            records, and changes nothing. The services may run. The command checks a difference again for some \
            seconds, since a change may be on its way. A record that a tier is still owed (see rivetctl tiers) is a \
            difference.

            missing: the tier lacks it. extra: only the tier has it. older, newer: the tier has another revision. \
            content: the same revision with other content. More than 30 days after a record was deleted, either side \
            may have forgotten it.

            rivetctl pull corrects what is missing, extra, older or newer, and stores other content of a tier everywhere. \
            If a row cannot be read, or its content in the tier is unwanted, first make the row old there, so that \
            rivetctl pull writes it again: UPDATE ... SET revision = 1, updated_at = '1970-01-02' WHERE ... (a row that \
            you delete there counts as deleted everywhere).

            EXIT CODES
              0   all tiers hold the same
              1   something differs
              2   a tier, or the local file, could not be read
              64  the command line is wrong
              74  the output could not be written
              78  a setting is wrong, or no tier is configured
            """)

    @OptionGroup var setUp: SetUpOptions

    @OptionGroup var stateDirectory: StateDirectoryOption

    @Option(help: ArgumentHelp("How many differences to show; all are counted.", valueName: "number"))
    var limit = 50

    @Flag(
        help: """
            Print one JSON object: {"tiers": {"neon": {"machines": {compared, different}, ...}}, differences, total}.
            """)
    var json = false

    func validate() throws {
        if !(0...1_000_000).contains(limit) { throw ValidationError("--limit must be 0 to 1000000") }
    }

    func run() async throws {
        let setUp = setUp.setUp(stateDirectory: stateDirectory.path)
        let databases = try await TierDatabase.configured(setUp)
        if databases.isEmpty { throw TierDatabase.missing(nil, in: setUp) }
        let settings = setUp.settings
        let limit = limit
        let rows = await withTaskGroup(of: (TierName, [VerificationListing.Row]).self) { group in
            for database in databases {
                group.addTask { (database.name, await Self.compare(database, settings, limit: limit)) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        let listing = VerificationListing(rows: databases.flatMap { rows[$0.name] ?? [] }, limit: limit)
        if json { try Output.print(listing.json) } else { try Output.print(listing.lines) }
        if !json { for failure in listing.failures { Output.error(failure.line) } }
        if listing.exitCode != ExitCodes.done { throw ExitCode(listing.exitCode) }
    }

    /// Compares both stores at the same time, over one connection.
    private static func compare(
        _ database: TierDatabase, _ settings: Settings, limit: Int
    ) async -> [VerificationListing.Row] {
        let connection: PostgresConnection
        do throws(CommandFailure) { connection = try await database.connect() } catch {
            return LocalDatabase.all.map { (database.name, $0.store, .failure(error)) }
        }
        defer { connection.close() }
        let outcomes = await withTaskGroup(of: (Int, VerificationListing.Outcome).self) { group in
            for (index, local) in LocalDatabase.all.enumerated() {
                let path = local.path(settings)
                let verifier = TierVerifier(
                    store: local.store, path: path, connection: connection, now: Timestamp.now, differencesMax: limit)
                group.addTask {
                    (index, await verifier.compare().mapError { failure($0, database, path) })
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        return LocalDatabase.all.enumerated().compactMap { index, local in
            outcomes[index].map { (database.name, local.store, $0) }
        }
    }

    /// The failure to report for a comparison that could not be made.
    static func failure(_ error: VerificationError, _ database: TierDatabase, _ path: String) -> CommandFailure {
        let tier = database.name.rawValue
        let exitCode = ExitCodes.unreachable
        switch error {
        case .local(.open(let error)):
            return CommandFailure(
                "\(path): \(error)",
                nextStep: "Is --state-dir or RIVET_STATE_DIR right, and may this user read it? Try sudo",
                exitCode: exitCode)
        case .local(let error): return CommandFailure(error.description, exitCode: exitCode)
        case .tier(let error): return database.failure(error, exitCode: exitCode)
        case .tierIsOlder(let missing):
            return CommandFailure(
                "\(tier) has not had migration \(missing.map(String.init).joined(separator: ", "))",
                nextStep: "Run rivetctl migrate --tier \(tier), or start the services with that tier",
                exitCode: exitCode)
        case .tierIsNewer(let error): return CommandFailure("\(tier): \(error)", exitCode: exitCode)
        }
    }
}
