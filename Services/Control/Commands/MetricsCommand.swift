import ArgumentParser
import Contracts
import ServiceKit

/// Prints what Prometheus is to know.
struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Prints metrics of the services in Prometheus' text format.",
        discussion: """
            Asks rivet-state, rivet-library and rivet-gateway at the same time. A service that does not answer is \
            rivet_up 0, has no other metric, and is no failure: a scrape that fails would hide the others.

            rivet-metrics.timer writes them for node-exporter; alerts.yml and dashboard.json are in \
            /usr/share/rivet/monitoring.

            EXIT CODES
              0   the metrics were written, whatever they say
              64  the command line is wrong
              74  the metrics could not be written
              78  a setting is wrong
            """)

    @OptionGroup var setUp: SetUpOptions

    @Option(
        help: ArgumentHelp(
            "Write to this file instead, replacing it in one step; its name must end in .prom for node-exporter.",
            valueName: "file"),
        completion: .file(extensions: ["prom"]))
    var output: String?

    @Option(
        help: ArgumentHelp("How long to wait for the answers: 750ms, 2s. (default: 2s)", valueName: "time"),
        transform: TimeLimit.parse)
    var timeout: TimeLimit?

    func validate() throws {
        if output == "" { throw ValidationError("--output must not be empty") }
    }

    func run() async throws {
        let caller = try setUp.caller
        let answers = await caller.health(of: RivetService.allCases, deadline: timeout?.duration ?? .seconds(2))
        try HealthListing(answers: answers, now: .now()).throwIfMisconfigured(json: false)
        let lines = MetricsListing(answers: answers, now: .now()).exposition.lines
        if let output { try MetricsFile(path: output).replace(with: lines) } else { try Output.print(lines) }
    }
}
