import ArgumentParser
import Contracts
import ServiceKit

/// Copies both databases; the services may be running.
struct BackupCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Backs up state.db and library.db; the services may be running.",
        discussion: """
            DIR is a new directory, or an empty one. The command writes state.db, library.db and manifest.json into \
            it: complete databases, checked and synced to the disk, and their checksums. It adds gateway.allowed if \
            the gateway remembers who may use the bot. Every change that was acknowledged before the command started \
            is in the backup. No call waits meanwhile, and the command does not write to the services' files.

            DIR appears only when the backup is complete: a backup that fails, or is killed, leaves nothing under that \
            name. A backup contains no token and no database URL. On an installed system this command needs root.

            rivetctl restore DIR restores it. PostgreSQL databases hold the same data, so with them a backup is for \
            what they cannot undo, such as rows that were deleted by mistake.
            """)

    @Argument(
        help: ArgumentHelp("The directory of the backup: new, or empty.", valueName: "dir"), completion: .directory)
    var directory: String

    @OptionGroup var stateDirectory: StateDirectoryOption

    @OptionGroup var setUp: SetUpOptions

    @Flag(
        help: """
            Print one JSON object: {directory, made_at, seconds, databases: {"state.db": {bytes, sha256, migrations, \
            rows, taken_at, snapshot_seconds}, ...}, allow_list: {bytes, sha256}, warnings}; or {error, next_step}.
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
