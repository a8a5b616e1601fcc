public import Contracts

/// The status of a store.
public struct StoreStatus: Sendable {
    /// Whether the disk takes writes.
    public var isUp = false
    public var lastError: String?
    /// Records that the disk does not have.
    public var pending = 0
    public var pendingSince: Timestamp?
    /// Whether some of them are in memory only.
    public var isMemoryOnly = false
    public var heldBytes = 0
    public var lastCommit: Duration?
    /// Best first.
    public var remote: [RemoteStatus] = []
    /// True until the remote tiers have reported the rows that an empty disk lacks.
    public var isStarting = false
    public var counters: [String: Int64] = [:]
    /// Whether the file was opened since the start.
    public var isOpened = true
    /// The incidents that no operator has acknowledged; nil until they were read.
    public var incidents: StoreIncidents?
    /// The size of its log (WAL), in bytes.
    public var logBytes: Int64 = 0
    /// For how long a reader of another program has kept the log from being emptied; nil when none does.
    public var logHeldFor: Duration?
    /// The durations of the passes of the store's thread, since the start.
    public var turns: DurationHistogram?

    public init(isUp: Bool = false) { self.isUp = isUp }
}

/// The status of a remote tier.
public struct RemoteStatus: Sendable, Equatable {
    public var name: TierName
    public var state: ServiceHealth.Tier.State
    /// Whether it failed and is not back yet. False while a first attempt is under way.
    public var isAway = false
    /// Records that the tier still lacks.
    public var pending = 0
    public var pendingSince: Timestamp?
    public var lastError: String?
    public var latency: Duration?
    /// The number of records that the tier refuses, by reason. They stay owed.
    public var refusals: [String: Int] = [:]
    /// Why the tier refused the last read; nil if it did not.
    public var unanswered: String?
    /// The number of rows that another program has kept locked for more than a moment.
    public var locked = 0
    /// The number of removals that the tier reported and that wait for an operator's decision.
    public var heldRemovals = 0
}

extension StoreCore {
    package var status: StoreStatus {
        var status = StoreStatus()
        status.isUp = isDiskUp
        status.lastError = lastError
        status.lastCommit = lastCommit
        status.isStarting = !isServing
        status.counters = counters
        status.isOpened = table != nil
        status.incidents = incidents
        status.logHeldFor = log.heldSince.map { time.instant() - $0 }
        if let incidents { status.counters["rows.quarantined"] = incidents.quarantinedRows }
        for tier in tiers {
            if let ahead = clockAhead(of: tier) { status.counters["clock_ahead_s.\(tier.name.rawValue)"] = ahead }
            status.counters["removals.held.\(tier.name.rawValue)"] = Int64(tier.removals.held?.count ?? 0)
        }
        memory.withLock { memory in
            status.pending = memory.held.count
            status.heldBytes = memory.heldCost
            status.remote = tiers.map { tier in
                RemoteStatus(
                    name: tier.name, state: tier.isLockedOut ? .probing : Self.state(of: tier.link),
                    isAway: tier.isAway,
                    pending: memory.book.count(tier.name) + tier.rowsToSeed,
                    pendingSince: memory.book.oldest(tier.name),
                    lastError: tier.lastError, latency: tier.latency, refusals: tier.aside.refusals,
                    unanswered: tier.unanswered, locked: tier.aside.lockedCount,
                    heldRemovals: tier.removals.held?.count ?? 0)
            }
        }
        status.isMemoryOnly = !status.isUp && !status.remote.contains { $0.state == .up }
        return status
    }

    /// By how many seconds the tier's clock is ahead of the local one; nil if that is not known.
    private func clockAhead(of tier: RemoteTier<Table.Record>) -> Int64? {
        guard let told = tier.serverTime else { return nil }
        let there = told.time.advanced(by: time.steady() - told.heardAt)
        let (ahead, isOverflow) = there.milliseconds.subtractingReportingOverflow(time.wall().milliseconds)
        return isOverflow ? nil : ahead / 1_000
    }

    private static func state(of link: TierLink) -> ServiceHealth.Tier.State {
        switch link.state {
        case .up, .asleep, .connecting: link.isTrusted ? .up : .probing
        case .waiting: .down
        }
    }
}
