import ArgumentParser
import Contracts
import ServiceKit

/// Prints metrics for Prometheus.
struct MetricsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Prints metrics of the services in Prometheus' text format.",
        discussion: """
            Asks rivet-state, rivet-library and rivet-gateway at the same time. A service that does not answer gets \
            rivet_up 0 and no other metric. The command does not fail then: a failed scrape would hide the other \
            services.

            rivet-metrics.timer writes the metrics for node-exporter; alerts.yml and dashboard.json are in \
            /usr/share/rivet/monitoring.

            EXIT CODES
              0   the metrics were written, whatever their values
              64  the command line is wrong
              74  the metrics could not be written
              78  a setting is wrong
            """)

    @OptionGroup var setUp: SetUpOptions

    @Option(
        help: ArgumentHelp(
            "Write to this file instead, and replace it in one step; node-exporter needs a name that ends in .prom.",
            valueName: "file"),
        completion: .file(extensions: ["prom"]))
    var output: String?

    @Option(
        help: ArgumentHelp("How long to wait for the responses: 750ms, 2s. (default: 2s)", valueName: "time"),
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
