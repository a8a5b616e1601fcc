import ArgumentParser
import Contracts
import Persistence
import ServiceKit

/// Sends the earlier bot's open conversations to rivet-state.
struct ImportLegacyCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-legacy",
        abstract: "Imports the open conversations from the SQLite file of the earlier bot.",
        discussion: """
            The command only reads the file, which the earlier bot keeps at \(LegacyConversations.usualPath). A \
            conversation of which rivet-state has a newer revision stays as it is, so you can import the same file \
            again. With RIVET_LEGACY_SQLITE, rivet-state imports the file when it starts.
            """)

    @Argument(help: "The SQLite file.", completion: .file())
    var path: String

    @OptionGroup var setUp: SetUpOptions

    @Flag(help: "Print one JSON object: {imported, known, expired, unreadable}.")
    var json = false

    @Option(
        help: ArgumentHelp("How long to wait for each response: 750ms, 2s. (default: 10s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    func validate() throws {
        if path.isEmpty { throw ValidationError("the path must not be empty") }
    }

    func run() async throws {
        let caller = try setUp.caller
        var listing = ImportListing()
        let legacy: LegacyConversations
        do throws(SQLiteError) { legacy = try LegacyConversations(path: path, now: .now()) } catch {
            throw failure(error)
        }
        while let page = try nextPage(of: legacy) {
            listing.expired += page.expired
            listing.unreadable += page.unreadable
            var left = page.conversations[...]
            while !left.isEmpty {
                let items = left.prefix(
                    PageLimits.count(left, limit: StateImport.conversationsMax) { $0.json.serialized().count })
                left = left.dropFirst(items.count)
                let answer = try await caller.call(
                    .state, StateImport.self, StateImport.Params(conversations: Array(items)),
                    deadline: timeout?.duration ?? .seconds(10))
                listing.imported += answer.imported
                listing.known += Int64(items.count) - answer.imported
            }
        }
        if json { try Output.print(listing.json) } else { try Output.print(listing.lines) }
        if !json { for warning in listing.warnings { Output.error(warning) } }
    }

    private func nextPage(of legacy: LegacyConversations) throws(CommandFailure) -> LegacyConversations.Page? {
        do throws(SQLiteError) { return try legacy.next() } catch { throw failure(error) }
    }

    private func failure(_ error: SQLiteError) -> CommandFailure {
        CommandFailure(
            "\(path): \(error)",
            nextStep:
                "Is it the earlier bot's file, usually \(LegacyConversations.usualPath), and may this user read it?")
    }
}
