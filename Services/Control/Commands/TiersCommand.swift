import ArgumentParser
import Contracts
import ServiceKit

/// Shows the tiers of rivet-state and rivet-library: what each is owed, and its last error.
struct TiersCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "tiers",
        abstract: "Shows the tiers of rivet-state and rivet-library: what each is owed, and its last error.",
        discussion: """
            PENDING is how many records a tier has not received yet, OLDEST how long the oldest of them has waited.

            EXIT CODES
              0   all tiers are up
              1   one is away, or is owed a record for longer than \(ExitCodes.owedSecondsMax) s; nothing is lost
              2   a service is away, or writes are only in memory
              64  the command line is wrong
              74  the output could not be written
              78  a setting is wrong
            """)

    @OptionGroup var setUp: SetUpOptions

    @Flag(help: "Print one JSON object: {\"services\": {\"rivet-state\": {status, tiers, counters}, ...}}.")
    var json = false

    @Option(
        help: ArgumentHelp("How long to wait for the responses: 750ms, 2s. (default: 2s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    func run() async throws {
        let caller = try setUp.caller
        let answers = await caller.health(of: RivetService.storing, deadline: timeout?.duration ?? .seconds(2))
        let listing = HealthListing(answers: answers, now: .now())
        if json { try Output.print(listing.tiersJSON) } else { try Output.print(listing.tierLines) }
        try listing.throwIfMisconfigured(json: json)
        if listing.tiersExitCode != ExitCodes.done { throw ExitCode(listing.tiersExitCode) }
    }
}
