import ArgumentParser
import Contracts
import ServiceKit

/// Has the removals that a tier told, and that are held back, taken everywhere.
struct AcceptCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Removes everywhere what a PostgreSQL tier says was deleted there, if that is held back.",
        discussion: """
            A service removes by itself at most 100 records, and a tenth of the live ones if that is more, by what one \
            tier tells in one visit; someone may have deleted rows there by mistake. If it is more, nothing is removed, \
            the service is degraded, and its health names the tier. This command accepts what the tier told until then, \
            once; rivetctl reject puts the rows back instead. A service that is restarted meanwhile asks again.

            \(RemovalsOptions.exitCodes)
            """)

    @OptionGroup var options: RemovalsOptions
    var json: Bool { options.json }

    func run() async throws { try await options.run(.accept) }
}

/// Has the rows that were deleted in a tier, and whose removal is held back, put back there.
struct RejectCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject",
        abstract: "Puts rows back into a PostgreSQL tier that were deleted there, if their removal is held back.",
        discussion: """
            The counterpart of rivetctl accept: the records stay, get a new revision, and go to every tier.

            \(RemovalsOptions.exitCodes)
            """)

    @OptionGroup var options: RemovalsOptions
    var json: Bool { options.json }

    func run() async throws { try await options.run(.reject) }
}

/// What the two commands have in common.
struct RemovalsOptions: ParsableArguments {
    static let exitCodes = """
        EXIT CODES
          0   done, or there was nothing to decide
          1   it was not done within the time; it goes on by itself
          2   a service does not answer
          64  the command line is wrong
          74  the answer could not be written
          78  a setting is wrong
        """

    @OptionGroup var setUp: SetUpOptions

    @Argument(help: ArgumentHelp("The tier: neon, supabase, railway.", valueName: "tier"))
    var tier: RemoteTierName

    @Flag(help: "Print one JSON object: {\"services\": {\"rivet-state\": {removals, done}, ...}}.")
    var json = false

    @Option(
        help: ArgumentHelp("How long to wait until it is done: 750ms, 2s. (default: 60s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    func run(_ decision: RemovalDecision) async throws {
        let caller = try setUp.caller
        var outcomes: [(service: RivetService, outcome: RemovalsListing.Outcome)] = []
        for service in RivetService.storing {
            let call = RemovalsCall(
                service: service, caller: caller, tier: tier.tier, decision: decision,
                patience: timeout?.duration ?? .seconds(60))
            outcomes.append((service, await call.run()))
        }
        let listing = RemovalsListing(tier: tier.tier, decision: decision, outcomes: outcomes)
        if json { try Output.print(listing.json) } else { try Output.print(listing.lines) }
        if !json { for failure in listing.failures { Output.error(failure.line) } }
        if let worst = listing.failures.map(\.exitCode).max() { throw ExitCode(worst) }
    }
}
