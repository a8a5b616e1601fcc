public import Contracts
import KillPoints
import Synchronization
public import Wire

/// The methods that a service has, by name: reads and checks the parameters of a call, and passes it on.
public struct MethodTable: CallHandler {
    /// How a method answers.
    public enum Reply<Output: Sendable>: Sendable {
        /// At once.
        case now(Output)
        /// What takes effect was decided in order; the answer comes later.
        case later(@Sendable () async -> Result<Output, RPCError>)
    }

    private var methods: [String: @Sendable (Parameters) -> CallOutcome] = [:]
    private let tally = Tally()

    public init() {}

    /// Has `body` answer `method`. It runs on the connection's event loop, in the order in which calls came.
    public mutating func on<Method: RPCMethod>(
        _ method: Method.Type,
        _ body: @escaping @Sendable (Method.Params) throws(RPCError) -> Reply<Method.Output>
    ) {
        methods[Method.name] = { parameters in
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

    /// Answers `service.health` with what `report` says of the service now.
    public mutating func onHealth(_ context: ServiceContext, _ report: @escaping @Sendable () -> HealthReport) {
        let tally = tally
        on(ServiceHealth.self) { _ throws(RPCError) in
            let report = report()
            let calls = tally.counts.withLock { $0 }
            return .now(
                ServiceHealth.Output(
                    service: context.name, version: rivetVersion, startedAt: context.startedAt, status: report.status,
                    tiers: report.tiers, counters: calls.merging(report.counters) { _, own in own },
                    detail: report.detail))
        }
    }

    public func begin(_ call: Call) -> CallOutcome {
        stallPoint("calls.begin")
        guard let method = methods[call.method] else {
            tally.count("unknown")
            let known = methods.keys.sorted().joined(separator: ", ")
            return .now(.failure(RPCError(.methodNotFound, "there is no such method; those there are: \(known)")))
        }
        tally.count(call.method)
        return method(Parameters(call.params))
    }

    private final class Tally: Sendable {
        let counts = Mutex<[String: Int64]>([:])

        func count(_ method: String) { counts.withLock { $0["calls." + method, default: 0] += 1 } }
    }
}
