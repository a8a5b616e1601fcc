public import Contracts

extension StoreStatus {
    /// The tiers as `service.health` shows them.
    func tiers(at now: Timestamp) -> [ServiceHealth.Tier] {
        let age = pendingSince.map { max(0, (now.milliseconds - $0.milliseconds) / 1_000) }
        return [
            ServiceHealth.Tier(
                name: .sqlite, kind: "sqlite", state: isUp ? .up : .down, pending: Int64(pending),
                oldestPendingAge: age, lastError: lastError,
                latencyMilliseconds: lastCommit.map { ($0 / .microseconds(1)).rounded() / 1_000 }),
            ServiceHealth.Tier(name: .memory, kind: "memory", state: .up),
        ]
    }

    /// What the service of this store says of its health.
    public func healthReport(at now: Timestamp) -> HealthReport {
        HealthReport(isUp ? .ok : .failing, tiers: tiers(at: now), detail: isUp ? nil : summary)
    }

    /// One line for `systemctl status` and a health's detail.
    public var summary: String {
        if isUp { return "sqlite up" }
        return "memory only: sqlite down, \(pending) writes held; \(lastError ?? "no error is known")"
    }
}
