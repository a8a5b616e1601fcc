import Foundation
import Simulation
import Synchronization

/// `rivet-simulate --seeds N [--of store|sending] [--first S] [--seconds T] [--verbose]`
@main
enum SimulateMain {
    /// The results of all threads together.
    private struct Totals {
        var next: UInt64
        var events = 0
        var counts: [String: Int] = [:]
        var violations: [SimulationResult] = []
    }

    private static let violationsMax = 10
    /// A long run reports its progress after this many seeds.
    private static let seedsBetweenNews: UInt64 = 50_000

    static func main() {
        guard let options = SimulateOptions(Array(CommandLine.arguments.dropFirst())) else {
            FileHandle.standardError.write(Data((SimulateOptions.usage + "\n").utf8))
            exit(2)
        }
        repeatableHashing()
        let start = ContinuousClock.now
        let totals = Mutex(Totals(next: options.first))
        DispatchQueue.concurrentPerform(
            iterations: options.isVerbose ? 1 : ProcessInfo.processInfo.activeProcessorCount
        ) {
            _ in
            while let seed = take(totals, options) {
                let result = run(seed, options)
                totals.withLock { totals in
                    totals.events += result.events
                    totals.counts.merge(result.counts, uniquingKeysWith: +)
                    if let violation = result.violation {
                        totals.violations.append(result)
                        show("seed \(seed): \(violation)")
                    }
                }
            }
        }
        let took = (ContinuousClock.now - start) / .seconds(1)
        exit(totals.withLock { report($0, options, took) })
    }

    private static func run(_ seed: UInt64, _ options: SimulateOptions) -> SimulationResult {
        let trace: ((String) -> Void)? = options.isVerbose ? { show($0) } : nil
        return switch options.subject {
        case .store: Simulation.run(seed: seed, seconds: options.seconds, trace: trace)
        case .sending: SendingSimulation.run(seed: seed, trace: trace)
        }
    }

    private static func show(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    private static func take(_ totals: borrowing Mutex<Totals>, _ options: SimulateOptions) -> UInt64? {
        totals.withLock { totals in
            guard totals.next < options.first + options.seeds, totals.violations.count < violationsMax else {
                return nil
            }
            let done = totals.next - options.first
            if done > 0, done.isMultiple(of: seedsBetweenNews) { show("\(done) seeds begun") }
            defer { totals.next += 1 }
            return totals.next
        }
    }

    private static func report(_ totals: Totals, _ options: SimulateOptions, _ seconds: Double) -> Int32 {
        let done = totals.next - options.first
        let faults = totals.counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        show(
            """
            \(done) seeds from \(options.first), \(totals.events) events, \(String(format: "%.1f", seconds)) s, \
            \(totals.violations.count) violations; \(faults)
            """)
        return totals.violations.isEmpty ? 0 : 1
    }

    /// Sets and dictionaries have the same order in each run only if the process starts with this variable.
    private static func repeatableHashing() {
        let name = "SWIFT_DETERMINISTIC_HASHING"
        guard getenv(name) == nil else { return }
        setenv(name, "1", 1)
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        perror("execv")
        exit(2)
    }
}
