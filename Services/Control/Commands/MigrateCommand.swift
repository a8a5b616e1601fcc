import ArgumentParser
import Contracts
import ServiceKit

/// Brings the databases up to date while their services are stopped.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Applies the migrations to state.db and library.db while their services are stopped.",
        discussion: """
            The services migrate by themselves when they start; this is for doing it beforehand. One that is running \
            keeps its database to itself, and this command leaves that alone and exits with 1. A file that is missing \
            is made.
            """)

    @Option(
        name: .customLong("state-dir"),
        help: ArgumentHelp("The directory of the databases, instead of RIVET_STATE_DIR.", valueName: "path"),
        completion: .directory)
    var stateDirectory: String?

    @OptionGroup var runtimeDirectory: RuntimeDirectoryOption

    @Flag(help: "Print one JSON object: {\"databases\": {\"state.db\": {path, applied, or error and next_step}, ...}}.")
    var json = false

    func validate() throws {
        if stateDirectory == "" { throw ValidationError("--state-dir must not be empty") }
    }

    func run() async throws {
        let settings = Settings.forCommand(runtimeDirectory: runtimeDirectory.path, stateDirectory: stateDirectory)
        var members: [String: JSONValue] = [:]
        var lines: [String] = []
        var failures: [CommandFailure] = []
        for database in LocalDatabase.all {
            do throws(CommandFailure) {
                let applied = try database.migrate(settings)
                members[database.fileName] = [
                    "path": .string(database.path(settings)), "applied": .array(applied.map(JSONValue.integer)),
                ]
                lines.append(TerminalText.escaped("\(database.path(settings)): \(Self.text(applied))"))
            } catch {
                members[database.fileName] = error.json
                failures.append(error)
            }
        }
        if json { try Output.print(["databases": .object(members)]) } else { try Output.print(lines) }
        for failure in failures { Output.error(failure.line) }
        if let worst = failures.map(\.exitCode).max() { throw ExitCode(worst) }
    }

    private static func text(_ applied: [Int64]) -> String {
        applied.isEmpty ? "up to date" : "applied " + applied.map { "\($0)" }.joined(separator: ", ")
    }
}
