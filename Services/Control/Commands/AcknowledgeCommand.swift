import ArgumentParser
import Contracts
import ServiceKit

/// Tells the services that an operator knows what happened to their storage.
struct AcknowledgeCommand: JSONCommand {
    static let configuration = CommandConfiguration(
        commandName: "acknowledge",
        abstract: "Tells the services that you know of files that were replaced and rows that were put aside.",
        discussion: """
            Until you do, rivet-state and rivet-library stay degraded because of them, even after a restart. The \
            command changes nothing else: broken files and rows stay where they are.
            """)

    @OptionGroup var setUp: SetUpOptions

    @Flag(
        help: """
            Print one JSON object: {"services": {"rivet-state": {"acknowledged": [{kind, file, rows, at}, ...]}, ...}}.
            """)
    var json = false

    @Option(
        help: ArgumentHelp("How long to wait for the responses: 750ms, 2s. (default: 10s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    func run() async throws {
        let caller = try setUp.caller
        var outcomes: [(service: RivetService, outcome: AcknowledgeListing.Outcome)] = []
        for service in RivetService.storing {
            do throws(CommandFailure) {
                let output = try await caller.call(
                    service, StoreAcknowledge.self, NoParams(), deadline: timeout?.duration ?? .seconds(10))
                outcomes.append((service, .success(output)))
            } catch {
                outcomes.append((service, .failure(error)))
            }
        }
        let listing = AcknowledgeListing(outcomes: outcomes)
        if json { try Output.print(listing.json) } else { try Output.print(listing.lines) }
        if !json { for failure in listing.failures { Output.error(failure.line) } }
        if let worst = listing.failures.map(\.exitCode).max() { throw ExitCode(worst) }
    }
}
