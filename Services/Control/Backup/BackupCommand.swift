import ArgumentParser
import Contracts
import ServiceKit

/// Copies both databases, beside services that may run.
struct BackupCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Makes a backup of state.db and library.db, beside services that may run.",
        discussion: """
            DIR is a new directory, or an empty one. It gets state.db, library.db and manifest.json: complete databases, \
            looked through and synced to the disk, with their checksums; and gateway.allowed, if the gateway remembers who \
            may use the bot. Whatever was acknowledged before the command was \
            called is in them. No call waits meanwhile, and the services' files are not written to.

            DIR appears when all is done: a backup that fails, or is killed, leaves nothing under that name. No token and \
            no database URL is in it. On an installed system this takes root.

            rivetctl restore DIR puts it back. With PostgreSQL databases, which hold the same, a backup is for what they \
            cannot undo, such as rows that were deleted by mistake.
            """)

    @Argument(
        help: ArgumentHelp("The directory of the backup: new, or empty.", valueName: "dir"), completion: .directory)
    var directory: String

    @OptionGroup var stateDirectory: StateDirectoryOption

    @OptionGroup var setUp: SetUpOptions

    @Flag(
        help: """
            Print one JSON object: {directory, made_at, seconds, databases: {"state.db": {bytes, sha256, migrations, rows, \
            taken_at, snapshot_seconds}, ...}, allow_list: {bytes, sha256}, warnings}; or {error, next_step}.
            """)
    var json = false

    func validate() throws {
        if directory.isEmpty { throw ValidationError("the directory must not be empty") }
    }

    func run() async throws {
        let setUp = setUp.setUp(stateDirectory: stateDirectory.path)
        try Output.print(BackupListing(outcome: try await Backup(setUp: setUp).make(directory)), asJSON: json)
    }
}
