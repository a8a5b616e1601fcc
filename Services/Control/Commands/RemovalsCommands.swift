import ArgumentParser
import Contracts
import ServiceKit

/// Accepts the deferred removals of a tier: the services remove these records everywhere.
struct AcceptCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Removes everywhere what was deleted in a PostgreSQL tier, if these removals are deferred.",
        discussion: """
            When rows were deleted in a tier, a service removes these records itself: per visit at most 100, or a \
            tenth of the live records if that is more. More removals may be a mistake, so the service defers them all: \
            it removes nothing, is degraded, and its health names the tier. This command accepts the removals that the \
            tier has reported so far, once; rivetctl reject puts the rows back instead. A service that is restarted \
            meanwhile needs the decision again.

            \(RemovalsOptions.exitCodes)
            """)

    @OptionGroup var options: RemovalsOptions
    var json: Bool { options.json }

    func run() async throws { try await options.run(.accept) }
}

/// Rejects the deferred removals of a tier: the services put these rows back there.
struct RejectCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject",
        abstract: "Puts deleted rows back into a PostgreSQL tier, if their removal is deferred.",
        discussion: """
            The counterpart of rivetctl accept: the records stay, get a new revision, and go to every tier.

            \(RemovalsOptions.exitCodes)
            """)

    @OptionGroup var options: RemovalsOptions
    var json: Bool { options.json }

    func run() async throws { try await options.run(.reject) }
}

/// The options of both commands.
struct RemovalsOptions: ParsableArguments {
    static let exitCodes = """
        EXIT CODES
          0   done, or there was nothing to decide
          1   it was not done in time; the services continue by themselves
          2   a service does not answer
          64  the command line is wrong
          74  the output could not be written
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
