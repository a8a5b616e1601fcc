import Contracts
import Synchronization

/// The call count and latencies of one method since the start. May be used from any thread.
final class CallStatistics: Sendable {
    private let begun = Atomic<Int64>(0)
    /// Nil if the method's latency is not measured.
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

    /// The counters as `service.health` names them: `calls.state.save`, and `calls.unknown` if it is not 0.
    var counters: [String: Int64] {
        var counters: [String: Int64] = [:]
        for (method, statistics) in methods.withLock({ $0 }) { counters["calls." + method] = statistics.count }
        if unknown.count > 0 { counters["calls.unknown"] = unknown.count }
        return counters
    }

    /// The latencies of the methods that are timed.
    var histograms: [String: DurationHistogram] {
        methods.withLock { $0 }.compactMapValues { $0.latencies?.counted }
    }
}
