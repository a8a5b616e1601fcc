import Contracts
import ServiceKit

/// Has one service take in what its remote tiers have, and waits for it.
struct TierPull {
    /// What came of it.
    struct Outcome: Equatable {
        var tiers: [TierName]
        var adopted: Int64
        /// Those that were not compared to the end in time, as they are now.
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
            // A service needs a moment to begin.
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

    /// How far a counter came. A service that was started anew counts from nothing.
    static func grown(_ counter: String, _ before: ServiceHealth.Output, _ now: ServiceHealth.Output) -> Int64 {
        let base = before.startedAt == now.startedAt ? before.counters[counter] ?? 0 : 0
        return (now.counters[counter] ?? 0) - base
    }
}
