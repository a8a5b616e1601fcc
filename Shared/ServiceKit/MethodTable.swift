public import Contracts
import KillPoints
public import Wire

/// A service's methods by name. Parses and checks the parameters of each call and passes it to its method.
public struct MethodTable: CallHandler {
    /// When a method's result comes.
    public enum Reply<Output: Sendable>: Sendable {
        /// At once.
        case now(Output)
        /// The call already has its place in the order of all calls; only its result comes later.
        case later(@Sendable () async -> Result<Output, RPCError>)
    }

    private struct Entry: Sendable {
        var statistics: CallStatistics
        var body: @Sendable (Parameters) -> CallOutcome
    }

    private var methods: [String: Entry] = [:]
    private let statistics = CallStatisticsTable()

    public init() {}

    /// Registers `body` for `method`. It runs on the connection's event loop, in the order in which calls arrived.
    ///
    /// - Parameter isTimed: whether `service.health` shows how long its calls took, from the read request to the
    ///   written response.
    public mutating func on<Method: RPCMethod>(
        _ method: Method.Type, isTimed: Bool = false,
        _ body: @escaping @Sendable (Method.Params) throws(RPCError) -> Reply<Method.Output>
    ) {
        let statistics = CallStatistics(isTimed: isTimed)
        self.statistics.add(statistics, of: Method.name)
        methods[Method.name] = Entry(statistics: statistics) { parameters in
            do throws(RPCError) {
                switch try body(try Method.Params(parameters)) {
                case .now(let output): return .now(.success(output.json))
                case .later(let answer): return .later { await answer().map { $0.json } }
                }
            } catch {
                return .now(.failure(error))
            }
        }
    }

    /// Registers `service.health`, which calls `report` for the service's current state.
    public mutating func onHealth(_ context: ServiceContext, _ report: @escaping @Sendable () -> HealthReport) {
        let statistics = statistics
        on(ServiceHealth.self) { _ throws(RPCError) in
            let report = report()
            return .now(
                ServiceHealth.Output(
                    service: context.name, version: rivetVersion, startedAt: context.startedAt, status: report.status,
                    tiers: report.tiers, counters: statistics.counters.merging(report.counters) { _, own in own },
                    histograms: statistics.histograms.merging(report.histograms) { _, own in own },
                    detail: report.detail))
        }
    }

    public func begin(_ call: Call) -> CallOutcome {
        stallPoint("calls.begin")
        guard let method = methods[call.method] else {
            statistics.unknown.callBegan()
            let known = methods.keys.sorted().joined(separator: ", ")
            return .now(.failure(RPCError(.methodNotFound, "there is no such method; the methods are: \(known)")))
        }
        method.statistics.callBegan()
        return method.body(Parameters(call.params))
    }

    public func answered(_ method: String, afterNanoseconds duration: Int64) {
        methods[method]?.statistics.latencies?.record(nanoseconds: duration)
    }
}
