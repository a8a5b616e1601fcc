import Contracts
import Foundation
import Glibc
import TestSupport

/// `rivet-bench`: measures the state-service against the floors of this machine, in the same run, and prints ratios.
///
/// `rivet-bench [--short] [--only state|service|tiers|scale]`; `RIVET_BIN_DIR` names the directory of the binaries, `RIVET_BENCH_DIR` a directory on the
/// disk that is meant (else the current one). Exits with 1 when a ratio misses its bound; with `--short`, which runs
/// among other work on machines that others use too, when one misses it by half.
@main
struct Benchmarks {
    static func main() async throws {
        let isShort = CommandLine.arguments.contains("--short")
        let base = ProcessInfo.processInfo.environment["RIVET_BENCH_DIR"] ?? "."
        let directory = "\(base)/.rivet-bench-\(getpid())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let isGood = try await measure(directory, isShort: isShort)
        try? FileManager.default.removeItem(atPath: directory)
        if !isGood { exit(1) }
    }

    private static func measure(_ directory: String, isShort: Bool) async throws -> Bool {
        var report = Report(allowance: isShort ? 1.5 : 1)
        let only = CommandLine.arguments.drop { $0 != "--only" }.dropFirst().first
        func isWanted(_ part: String) -> Bool { only == nil || only == part }
        if isWanted("state") { try StateBenchmark(directory: directory, rounds: isShort ? 6 : 20).run(&report) }
        if isWanted("service") { try await ServiceBenchmark(directory: directory).run(&report) }
        if isWanted("tiers") { try TierBenchmark(directory: directory, rounds: isShort ? 6 : 20).run(&report) }
        if isWanted("scale") {
            try ScaleBenchmark(
                directory: directory, machines: isShort ? 50_000 : 1_000_000, calls: isShort ? 500 : 2_000
            ).run(&report)
        }
        return report.isGood
    }
}
