import Contracts
import Foundation
import Glibc
import TestSupport

/// `rivet-bench`: measures the state-service against the floors of this machine, in the same run, and prints ratios.
///
/// `rivet-bench [--short]`; `RIVET_BIN_DIR` names the directory of the binaries, `RIVET_BENCH_DIR` a directory on the
/// disk that is meant (else the current one). Exits with 1 when a ratio misses its bound.
@main
struct Benchmarks {
    static func main() async throws {
        let isShort = CommandLine.arguments.contains("--short")
        let base = ProcessInfo.processInfo.environment["RIVET_BENCH_DIR"] ?? "."
        let directory = "\(base)/.rivet-bench-\(getpid())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var report = Report()
        try StateBenchmark(directory: directory, rounds: isShort ? 6 : 20).run(&report)
        try await ServiceBenchmark(directory: directory).run(&report)
        if !report.isMet { exit(1) }
    }
}
