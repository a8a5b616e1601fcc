import Contracts
import Synchronization

/// What is counted of the calls of one method since the start. Callable from any thread.
final class CallStatistics: Sendable {
    private let begun = Atomic<Int64>(0)
    /// Nil where it is not measured.
    let latencies: LatencyHistogram?

    init(isTimed: Bool = false) { latencies = isTimed ? LatencyHistogram() : nil }

    var count: Int64 { begun.load(ordering: .relaxed) }
    func callBegan() { begun.wrappingAdd(1, ordering: .relaxed) }
}

/// The statistics of every method of a service, by name.
final class CallStatisticsTable: Sendable {
    private let methods = Mutex<[String: CallStatistics]>([:])
    /// Calls of methods that do not exist.
    let unknown = CallStatistics()

    func add(_ statistics: CallStatistics, of method: String) { methods.withLock { $0[method] = statistics } }

    /// As `service.health` shows them: `calls.state.save`; `calls.unknown` once there was one.
    var counters: [String: Int64] {
        var counters: [String: Int64] = [:]
        for (method, statistics) in methods.withLock({ $0 }) { counters["calls." + method] = statistics.count }
        if unknown.count > 0 { counters["calls.unknown"] = unknown.count }
        return counters
    }

    /// Of the methods that are timed.
    var histograms: [String: DurationHistogram] {
        methods.withLock { $0 }.compactMapValues { $0.latencies?.counted }
    }
}
