public import Contracts

extension StoreStatus {
    /// The tiers as `service.health` shows them.
    func tiers(at now: Timestamp) -> [ServiceHealth.Tier] {
        func age(_ since: Timestamp?) -> Int64? { since.map { max(0, (now.milliseconds - $0.milliseconds) / 1_000) } }
        func milliseconds(_ duration: Duration?) -> Double? {
            duration.map { ($0 / .microseconds(1)).rounded() / 1_000 }
        }
        return remote.map { tier in
            ServiceHealth.Tier(
                name: tier.name, kind: "postgresql", state: tier.state, pending: Int64(tier.pending),
                oldestPendingAge: tier.pending == 0 ? nil : age(tier.pendingSince), lastError: tier.lastError,
                latencyMilliseconds: milliseconds(tier.latency))
        } + [
            ServiceHealth.Tier(
                name: .sqlite, kind: "sqlite", state: isUp ? .up : .down, pending: Int64(pending),
                oldestPendingAge: age(pendingSince), lastError: lastError, latencyMilliseconds: milliseconds(lastCommit)
            ),
            ServiceHealth.Tier(name: .memory, kind: "memory", state: .up),
        ]
    }

    /// Degraded: something that is configured is away, and nothing is lost.
    var health: ServiceHealth.Status {
        if isMemoryOnly { return .failing }
        return isUp && remote.allSatisfy { $0.state == .up } ? .ok : .degraded
    }

    /// What the service of this store says of its health.
    public func healthReport(at now: Timestamp) -> HealthReport {
        HealthReport(
            health, tiers: tiers(at: now), counters: counters, detail: health == .ok ? nil : summary)
    }

    /// One line for `systemctl status` and a health's detail.
    public var summary: String {
        if isMemoryOnly, remote.isEmpty {
            return "memory only: sqlite down, \(pending) writes held; \(lastError ?? "no error is known")"
        }
        var parts: [String] = []
        if isMemoryOnly { parts.append("memory only") }
        for tier in remote {
            let owed = tier.pending > 0 ? " (\(tier.pending) owed)" : ""
            let reason = tier.state == .up ? "" : tier.lastError.map { ": \($0)" } ?? ""
            parts.append("\(tier.name.rawValue) \(tier.state.rawValue)\(owed)\(reason)")
        }
        parts.append(isUp ? "sqlite up" : "sqlite down, \(pending) writes held: \(lastError ?? "no error is known")")
        if isStarting { parts.append("reading what the other tiers have") }
        return parts.joined(separator: "; ")
    }
}
