import ArgumentParser
import Contracts
import ServiceKit

/// Replaces both databases with a backup.
struct RestoreCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Replaces state.db and library.db with a backup, while the services are stopped.",
        discussion: """
            DIR was made by rivetctl backup, of this version of Rivet or an earlier one. The command first checks its \
            checksums and every page of its databases. It refuses to run while a service runs, or while systemd would \
            start one: systemctl stop rivet.target 'rivet-*.service' 'rivet-*.socket'. On an installed system this \
            command needs root; the restored files belong to the services.

            The previous files are kept beside the new ones, as state.db.replaced-, library.db.replaced- and \
            gateway.allowed.replaced- with the date: remove them when you miss nothing. A restore that fails, or is \
            killed, leaves each database either as it was or as it is in the backup; run it again.

            The list of who may use the bot, gateway.allowed, is restored too, unless it lets everyone in and there is \
            a list here. RIVET_ALLOWED_USERS wins over it. Without either, a warning says that everyone will be let in.

            When the services start, they read their PostgreSQL databases first, and newer revisions there win: a \
            backup undoes no change that they hold. The same is true of changes that a full or broken disk had not \
            taken, in /run/rivet-state/state.journal or /run/rivet-library/library.journal: a warning names such a \
            file. If you restore on another host, the previous host must be off: Telegram delivers updates to one host.
            """)

    @Argument(help: ArgumentHelp("The directory of the backup.", valueName: "dir"), completion: .directory)
    var directory: String

    @OptionGroup var stateDirectory: StateDirectoryOption

    @OptionGroup var setUp: SetUpOptions

    @Flag(
        help: """
            Restore a backup older than 30 days although PostgreSQL databases are configured. They no longer know what \
            was deleted before that, so deleted records come back.
            """)
    var force = false

    @Flag(
        help: """
            Print one JSON object: {directory, made_at, databases: {"state.db": {path, rows, replaced}, ...}, \
            allow_list: {path, replaced}, tiers, warnings}; or {error, next_step}.
            """)
    var json = false

    func validate() throws {
        if directory.isEmpty { throw ValidationError("the directory must not be empty") }
    }

    func run() async throws {
        let restore = Restore(setUp: setUp.setUp(stateDirectory: stateDirectory.path), isForced: force)
        let outcome = try await restore.run(FilePath.withoutEndingSlashes(directory))
        try Output.print(RestoreListing(outcome: outcome, now: .now()), asJSON: json)
    }
}
