import Contracts
import ServiceKit

/// Makes one service pull from its remote tiers, and waits until it has.
struct TierPull {
    struct Outcome: Equatable {
        var tiers: [TierName]
        var adopted: Int64
        /// The tiers that were not completely compared in time, with their current state.
        var unfinished: [ServiceHealth.Tier]
    }

    private static let pollInterval = Duration.milliseconds(100)
    private static let callDeadline = Duration.seconds(10)

    var service: RivetService
    var caller: ServiceCaller
    /// How long to wait for the tiers.
    var patience: Duration

    /// A result, not a thrown error: see ``TierVerifier/compare()``.
    func run() async -> Result<Outcome, CommandFailure> {
        do throws(CommandFailure) { return .success(try await pull()) } catch { return .failure(error) }
    }

    private func pull() async throws(CommandFailure) -> Outcome {
        let end = ContinuousClock.now + patience
        let before = try await health()
        let started = try await caller.call(service, TiersPull.self, NoParams(), deadline: Self.callDeadline).started
        var outcome = Outcome(tiers: started, adopted: 0, unfinished: [])
        guard !started.isEmpty else { return outcome }
        while true {
            // The service needs a moment to start the pull.
            try? await Task.sleep(for: Self.pollInterval)
            let now = try await health()
            outcome.adopted = Self.grown("rows.adopted", before, now)
            outcome.unfinished = now.tiers.filter { tier in
                started.contains(tier.name)
                    && (Self.grown("pulls.\(tier.name.rawValue)", before, now) == 0 || tier.pending > 0)
            }
            if outcome.unfinished.isEmpty || end <= .now { return outcome }
        }
    }

    private func health() async throws(CommandFailure) -> ServiceHealth.Output {
        try await caller.call(service, ServiceHealth.self, NoParams(), deadline: Self.callDeadline)
    }

    /// How much a counter grew. A service that was restarted meanwhile counts from 0.
    static func grown(_ counter: String, _ before: ServiceHealth.Output, _ now: ServiceHealth.Output) -> Int64 {
        let base = before.startedAt == now.startedAt ? before.counters[counter] ?? 0 : 0
        return (now.counters[counter] ?? 0) - base
    }
}
