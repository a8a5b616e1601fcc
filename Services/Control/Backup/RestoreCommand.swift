import ArgumentParser
import Contracts
import ServiceKit

/// Puts a backup in the place of both databases.
struct RestoreCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Puts a backup in the place of state.db and library.db, while the services are stopped.",
        discussion: """
            DIR is what rivetctl backup made, by this version of Rivet or an earlier one. It is looked through first: its \
            checksums, and every page of its databases. Refused while a service runs, or while systemd would start one: \
            systemctl stop rivet.target 'rivet-*.service' 'rivet-*.socket'. On an installed system this takes root; the files are then the services'.

            What was there is kept beside, as state.db.replaced-, library.db.replaced- and gateway.allowed.replaced- and the \
            date: remove it when \
            nothing is missed. A restore that fails, or is killed, leaves each database as it was or as it is in the backup; \
            do it again.

            The list of who may use the bot, gateway.allowed, comes back too, unless it lets everyone in and there is one \
            here. RIVET_ALLOWED_USERS wins over it. Without either there is a warning: everyone will be let in.

            When the services start, they read their PostgreSQL databases first, and what those have newer wins: a backup \
            takes back nothing that is in them. So it is with changes that a full or broken disk had not taken, in \
            /run/rivet-state/state.journal or /run/rivet-library/library.journal: a warning names such a file. On another host, the one that was there before must be off: Telegram gives \
            its updates to one.
            """)

    @Argument(help: ArgumentHelp("The directory of the backup.", valueName: "dir"), completion: .directory)
    var directory: String

    @OptionGroup var stateDirectory: StateDirectoryOption

    @OptionGroup var setUp: SetUpOptions

    @Flag(
        help: """
            Also a backup of more than 30 days ago beside PostgreSQL databases, which have forgotten by now what was \
            deleted before: that comes back.
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
