import ArgumentParser
import Contracts
import ServiceKit

/// Asks every service for its health.
struct HealthCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Shows the status of the services and their tiers.",
        discussion: """
            Asks rivet-state, rivet-library and rivet-gateway at the same time. A service that does not answer is \
            shown as away, and a service that this user may not call as not asked, with the cause and the next step.

            EXIT CODES
              0   all services are ok
              1   at least one is degraded: a configured tier is away, or something needs
                  attention; the detail says what
              2   at least one is failing (writes are only in memory), is away, or was not
                  asked
              64  the command line is wrong
              74  the output could not be written
              78  a setting is wrong
            """)

    @OptionGroup var setUp: SetUpOptions

    @Flag(help: "Print one JSON object: {\"services\": {\"rivet-state\": {health, or error and next_step}, ...}}.")
    var json = false

    @Option(
        help: ArgumentHelp("How long to wait for the responses: 750ms, 2s. (default: 2s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    func run() async throws {
        let caller = try setUp.caller
        let answers = await caller.health(of: RivetService.allCases, deadline: timeout?.duration ?? .seconds(2))
        let listing = HealthListing(answers: answers, now: .now())
        if json { try Output.print(listing.json) } else { try Output.print(listing.lines) }
        try listing.throwIfMisconfigured(json: json)
        if listing.exitCode != ExitCodes.done { throw ExitCode(listing.exitCode) }
    }
}
