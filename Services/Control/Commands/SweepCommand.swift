import ArgumentParser
import Contracts
import ServiceKit

/// Makes rivet-state remove expired conversations.
struct SweepCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Removes expired conversations now.",
        discussion: "rivet-state also does this every RIVET_SWEEP_INTERVAL; an expired conversation is never used."
    )

    @OptionGroup var setUp: SetUpOptions

    @Flag(help: "Print one JSON object: {\"deleted\": 3}.")
    var json = false

    @Option(
        help: ArgumentHelp("How long to wait for the response: 750ms, 2s. (default: 60s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    func run() async throws {
        let caller = try setUp.caller
        let output = try await caller.call(
            .state, StateSweep.self, NoParams(), deadline: timeout?.duration ?? .seconds(60))
        if json { return try Output.print(output.json) }
        try Output.print(["removed \(output.deleted) expired conversation\(output.deleted == 1 ? "" : "s")"])
    }
}
