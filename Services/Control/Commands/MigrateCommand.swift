import ArgumentParser
import Contracts
import ServiceKit

/// Migrates databases: the local ones while their services are stopped, those of tiers at any time.
struct MigrateCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Applies the migrations: to state.db and library.db, or to the database of a tier.",
        discussion: """
            The services migrate their files when they start, and a tier's database when they first connect to it. Use \
            this command to migrate earlier.

            Local files: a running service does not share its database; the command does not touch that database and \
            exits with 1. It creates a missing file. The database of a tier may be in use.
            """)

    @OptionGroup var stateDirectory: StateDirectoryOption

    @OptionGroup var setUp: SetUpOptions

    @Option(
        help: ArgumentHelp(
            "Only the database of this tier, as named by its *_DATABASE_URL: neon, supabase, railway.",
            valueName: "name"))
    var tier: RemoteTierName?

    @Flag(help: "The local files, and the database of every tier that is configured.")
    var all = false

    @Flag(
        help: """
            Print one JSON object: {"databases": {"state.db": {path, applied, note, or error and next_step}, "neon": \
            {database, applied, note, or error and next_step}, ...}}.
            """)
    var json = false

    func validate() throws {
        if all, tier != nil { throw ValidationError("--all includes every tier: leave out --tier") }
    }

    func run() async throws {
        let setUp = setUp.setUp(stateDirectory: stateDirectory.path)
        var remote: [TierDatabase] = []
        if all || tier != nil { remote = try await TierDatabase.configured(setUp) }
        if let tier {
            remote = remote.filter { $0.name == tier.tier }
            if remote.isEmpty { throw TierDatabase.missing(tier.tier, in: setUp) }
        }
        try setUp.requireNamedFile()
        let settings = setUp.settings
        var report = Report()
        for database in tier == nil ? LocalDatabase.all : [] {
            let path = database.path(settings)
            do throws(CommandFailure) {
                report.add(database.fileName, path, ["path": .string(path)], try database.migrate(settings))
            } catch { report.add(database.fileName, error) }
        }
        for database in remote {
            do throws(CommandFailure) {
                let (applied, note) = try await database.migrate()
                report.add(
                    database.name.rawValue, "\(database.name.rawValue) (\(database.target))",
                    ["database": .string("\(database.target)")], applied, note: note)
            } catch { report.add(database.name.rawValue, error) }
        }
        try report.print(json: json)
    }

    /// The result for each database. A failure of one does not stop the others.
    private struct Report {
        private var members: [String: JSONValue] = [:]
        private var lines: [String] = []
        private var failures: [CommandFailure] = []

        mutating func add(
            _ name: String, _ title: String, _ place: [String: JSONValue], _ applied: [Int64], note: String? = nil
        ) {
            let versions: JSONValue = .array(applied.map(JSONValue.integer))
            members[name] = .object(place.merging(["applied": versions, "note": note.json]) { own, _ in own })
            let text = applied.isEmpty ? "up to date" : "applied " + applied.map { "\($0)" }.joined(separator: ", ")
            lines.append(TerminalText.escaped("\(title): \(text)"))
            if let note { lines.append(TerminalText.escaped("  \(note)")) }
        }

        mutating func add(_ name: String, _ failure: CommandFailure) {
            members[name] = failure.json
            failures.append(failure)
        }

        func print(json: Bool) throws {
            if json { try Output.print(["databases": .object(members)]) } else { try Output.print(lines) }
            if !json { for failure in failures { Output.error(failure.line) } }
            if let worst = failures.map(\.exitCode).max() { throw ExitCode(worst) }
        }
    }
}
