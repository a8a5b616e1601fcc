import ArgumentParser
import Contracts
import ServiceKit

/// Makes the services import changes that other programs made in their tiers.
struct PullCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Imports what other programs changed in the PostgreSQL tiers, and sends the tiers what they lack.",
        discussion: """
            rivet-state and rivet-library compare every row of their tiers with their own; the newer one wins. They \
            also do so when they start and when a tier is back. If a tier has Rivet's triggers (rivetctl doctor says \
            if not), a row that SQL changes counts as changed now, and a row that SQL deletes counts as deleted. In \
            other tiers, a program that changes a row must set its updated_at to the current time, in UTC.
            """)

    @OptionGroup var setUp: SetUpOptions

    @Flag(help: "Print one JSON object: {\"services\": {\"rivet-state\": {tiers, adopted, unfinished}, ...}}.")
    var json = false

    @Option(
        help: ArgumentHelp("How long to wait for the comparison: 750ms, 2s. (default: 60s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    func run() async throws {
        let caller = try setUp.caller
        let patience = timeout?.duration ?? .seconds(60)
        let outcomes = await withTaskGroup(of: (RivetService, PullListing.Outcome).self) { group in
            for service in RivetService.storing {
                let pull = TierPull(service: service, caller: caller, patience: patience)
                group.addTask { (service, await pull.run()) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        let listing = PullListing(
            outcomes: RivetService.storing.compactMap { service in outcomes[service].map { (service, $0) } },
            patience: patience)
        if json { try Output.print(listing.json) } else { try Output.print(listing.lines) }
        if !json { for failure in listing.failures { Output.error(failure.line) } }
        if let worst = listing.failures.map(\.exitCode).max() { throw ExitCode(worst) }
    }
}
