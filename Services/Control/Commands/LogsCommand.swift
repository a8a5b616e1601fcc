import ArgumentParser
import Contracts
import ServiceKit
import Systemd

/// Shows the journal's entries about one person, chat or update.
struct LogsCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Shows the journal's entries about one user, chat or update, oldest first.",
        discussion: """
            The services log a line for each failure, with the ids of the user, the chat and the update; with \
            RIVET_LOG_LEVEL=debug also a line for each update. Only under systemd: elsewhere they write to standard \
            error.
            """)

    @Argument(
        help: ArgumentHelp(
            "The Telegram id of a user or a chat, or of an update (chat:topic for a topic).", valueName: "id"))
    var id: String

    @Option(help: ArgumentHelp("Show at most this many lines, the newest ones.", valueName: "number"))
    var lines = 100

    @Option(
        help: ArgumentHelp("Show only entries of this last time: 30m, 24h.", valueName: "time"),
        transform: TimeLimit.parse)
    var since: TimeLimit?

    @Option(
        help: ArgumentHelp("Read the journal files in this directory, instead of this machine's.", valueName: "path"),
        completion: .directory)
    var directory: String?

    @Flag(help: "Print one JSON object: {\"entries\": [{time, service, level, message, fields}, ...]}.")
    var json = false

    func validate() throws {
        try TelegramID.requireChat(id)
        guard (1...1_000_000).contains(lines) else { throw ValidationError("--lines must be between 1 and 1000000") }
    }

    func run() async throws {
        let now = Timestamp.now()
        let since = since.map { now.advanced(by: .zero - $0.duration) } ?? Timestamp(milliseconds: 0)
        let entries: [JournalReader.Entry]
        do throws(JournalReader.Failure) {
            entries = try JournalReader(directory: directory).last(
                lines, matching: ["RIVET_USER_ID", "RIVET_CHAT_ID", "RIVET_UPDATE_ID"].map { ($0, id) },
                since: UInt64(max(0, since.milliseconds)) * 1_000)
        } catch { throw LogListing.failure(error) }
        let listing = LogListing(id: id, entries: entries)
        if json { try Output.print(listing.json) } else { try Output.print(listing.lines) }
        if !json, entries.isEmpty { Output.error(listing.nothingLine) }
    }
}
