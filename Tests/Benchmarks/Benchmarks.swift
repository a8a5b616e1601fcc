import Contracts
import Foundation
import Glibc
import TestSupport

/// `rivet-bench`: measures the services against the floors of this machine, in the same run, and prints ratios.
///
/// `rivet-bench [--short] [--only state|service|tiers|cost|debts|scale|backup]`
///
/// `RIVET_BIN_DIR` names the directory of the binaries, `RIVET_BENCH_DIR` a directory on the disk to measure (else the
/// current one), `RIVET_BENCH_FIGURES` a Markdown file to which the run is added, and `RIVET_BENCH_COMMIT` the commit
/// that was built. It exits with 1 if a ratio misses its bound. With `--short`, for machines with other work, it does
/// so only if a ratio misses its bound by half in three attempts.
@main
struct Benchmarks {
    private static let shortAttemptsMax = 3

    static func main() async throws {
        let (isShort, only) = options()
        let environment = ProcessInfo.processInfo.environment
        let base = environment["RIVET_BENCH_DIR"] ?? "."
        let directory = "\(base)/.rivet-bench-\(getpid())"
        let report = try await measure(directory, isShort: isShort, only: only)
        if let path = environment["RIVET_BENCH_FIGURES"] {
            try FigureFile(path: path).add(report.figures, commit: environment["RIVET_BENCH_COMMIT"])
        }
        let missed = report.missed
        for name in missed { print("out of bounds: \(name)") }
        if !missed.isEmpty { exit(1) }
    }

    private static func options() -> (isShort: Bool, only: Part?) {
        var (isShort, only) = (false, Part?.none)
        var arguments = CommandLine.arguments.dropFirst()
        while let argument = arguments.popFirst() {
            switch argument {
            case "--short": isShort = true
            case "--only":
                only = arguments.popFirst().flatMap(Part.init(rawValue:))
                if only == nil { endWithUsage(2) }
            case "--help": endWithUsage(0)
            default: endWithUsage(2)
            }
        }
        return (isShort, only)
    }

    private static func endWithUsage(_ status: Int32) -> Never {
        print("usage: rivet-bench [--short] [--only \(Part.allCases.map(\.rawValue).joined(separator: "|"))]")
        exit(status)
    }

    private static func measure(_ directory: String, isShort: Bool, only: Part?) async throws -> Report {
        var report = Report(allowance: isShort ? 1.5 : 1)
        for part in Part.allCases where only == nil || only == part {
            let earlier = report.missed
            for attempt in 1...(isShort ? shortAttemptsMax : 1) {
                // Each attempt begins with an empty directory.
                try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
                defer { try? FileManager.default.removeItem(atPath: directory) }
                try await part.run(directory, isShort: isShort, &report)
                if report.missed == earlier { break }
                report.note("attempt \(attempt) was out of bounds")
            }
        }
        return report
    }

    private enum Part: String, CaseIterable {
        case state, service, tiers, cost, debts, scale, backup

        func run(_ directory: String, isShort: Bool, _ report: inout Report) async throws {
            switch self {
            case .state: try StateBenchmark(directory: directory, rounds: isShort ? 6 : 20).run(&report)
            case .service: try await ServiceBenchmark(directory: directory).run(&report)
            case .tiers: try TierBenchmark(directory: directory, rounds: isShort ? 6 : 20).run(&report)
            case .cost: try SaveCostBenchmark(directory: directory, rounds: isShort ? 6 : 20).run(&report)
            case .debts: try DebtBenchmark(directory: directory, debts: isShort ? 100_000 : 1_000_000).run(&report)
            case .scale:
                try ScaleBenchmark(
                    directory: directory, machines: isShort ? 50_000 : 1_000_000, calls: isShort ? 500 : 2_000
                ).run(&report)
            case .backup:
                try BackupBenchmark(directory: directory, conversations: isShort ? 20_000 : 100_000).run(&report)
            }
        }
    }
}
