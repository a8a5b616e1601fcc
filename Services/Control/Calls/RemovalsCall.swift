import Contracts
import ServiceKit

/// Sends an operator's decision on deferred removals to one service, and waits until the service has carried it out.
struct RemovalsCall {
    struct Outcome: Equatable {
        /// How many removals the decision covers.
        var removals: Int64
        /// Whether the decision was carried out in time.
        var isDone: Bool
    }

    private static let pollInterval = Duration.milliseconds(100)
    private static let callDeadline = Duration.seconds(10)

    var service: RivetService
    var caller: ServiceCaller
    var tier: TierName
    var decision: RemovalDecision
    /// How long to wait.
    var patience: Duration

    /// A result, not a thrown error: see ``TierVerifier/compare()``.
    func run() async -> Result<Outcome, CommandFailure> {
        do throws(CommandFailure) { return .success(try await decide()) } catch { return .failure(error) }
    }

    private func decide() async throws(CommandFailure) -> Outcome {
        let end = ContinuousClock.now + patience
        let output = try await caller.call(
            service, TiersRemovals.self, .init(tier: tier, decision: decision), deadline: Self.callDeadline)
        guard output.removals > 0 else { return Outcome(removals: 0, isDone: true) }
        while true {
            let health = try await caller.call(
                service, ServiceHealth.self, NoParams(), deadline: Self.callDeadline)
            let isDone = health.counters["removals.held.\(tier.rawValue)"] == 0
            if isDone || end <= .now { return Outcome(removals: output.removals, isDone: isDone) }
            // The service needs time: it reads through the whole tier.
            try? await Task.sleep(for: Self.pollInterval)
        }
    }
}
