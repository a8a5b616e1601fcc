import ArgumentParser
import Contracts
import ServiceKit

/// Shows the machines of a user.
struct ShowMachinesCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "machines", abstract: "Shows the machines in a user's library, newest first.",
        discussion: """
            Exits with 0 if the user is known, even without machines, and with 1 if not.
            """)

    /// Machines on a page. This many fit into a frame unless they have nameplate readings near their size limit.
    private static let pageMax: Int64 = 20
    /// A bound in case a faulty service never sends a last page.
    private static let machinesMax = 100_000

    @Argument(help: "The Telegram id of the user.")
    var user: String

    @Option(
        help: ArgumentHelp("Only machines that have all of these words; prefixes count.", valueName: "words"))
    var query: String?

    @OptionGroup var options: ShowOptions

    var json: Bool { options.json }

    func validate() throws { try TelegramID.requireUser(user) }

    func run() async throws {
        let caller = try options.caller
        let machines = try await allPages(caller)
        let knowledge = machines.isEmpty ? await caller.knowledge(of: user, deadline: options.deadline) : .known
        let listing = MachineListing(
            userID: user, query: query, machines: machines, knowledge: knowledge, now: .now())
        if json { try Output.print(listing.json) } else { try Output.print(listing.lines) }
        if knowledge == .unknown { throw ExitCode(ExitCodes.failed) }
    }

    private func allPages(_ caller: ServiceCaller) async throws(CommandFailure) -> [Machine] {
        var machines: [Machine] = []
        var cursor: String?
        var limit = Self.pageMax
        while machines.count < Self.machinesMax {
            let params = LibraryList.Params(userID: user, limit: limit, cursor: cursor, query: query)
            do throws(CommandFailure) {
                let page = try await caller.call(.library, LibraryList.self, params, deadline: options.deadline)
                machines += page.machines
                guard let next = page.nextCursor, !page.machines.isEmpty else { break }
                cursor = next
            } catch  where error.answer == .internalError && limit > 1 {
                // A page that exceeds a frame is an internal error of the service; a single machine always fits.
                limit = 1
            }
        }
        return machines
    }
}
