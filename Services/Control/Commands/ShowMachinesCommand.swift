import ArgumentParser
import Contracts
import ServiceKit

/// Shows the machines of a user.
struct ShowMachinesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machines", abstract: "Shows the machines in a user's library, newest first.")

    /// Machines of a page; so many fit a frame unless they have nameplate readings near the bound.
    private static let pageMax: Int64 = 20
    /// A bound on what a service that goes on for ever could make us read.
    private static let machinesMax = 100_000

    @Argument(help: "The Telegram id of the user.")
    var user: String

    @Option(
        help: ArgumentHelp("Only machines that have all of these words, or words beginning so.", valueName: "words"))
    var query: String?

    @OptionGroup var options: ShowOptions

    func run() async throws {
        let machines = try await allPages()
        if options.json {
            let output = LibraryList.Output(machines: machines, total: Int64(machines.count), nextCursor: nil)
            return try Output.print(output.json)
        }
        try Output.print(MachineListing(userID: user, query: query, machines: machines, now: .now()).lines)
    }

    private func allPages() async throws(CommandFailure) -> [Machine] {
        let caller = try options.caller
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
                // A page that is longer than a frame is an internal error; a single machine always fits.
                limit = 1
            }
        }
        return machines
    }
}
