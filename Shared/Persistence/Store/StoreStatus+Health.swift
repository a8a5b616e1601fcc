public import Contracts

extension StoreStatus {
    /// A longer log means that a reader kept it from being emptied. Once it is emptied, it is cut to this length.
    package static let logBytesMax = WriteAheadLog.bytesKept
    /// A reader that keeps the log longer than this is neither a short query nor a backup.
    static let logHeldMax = Duration.seconds(300)

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

    /// Degraded: a configured tier is unavailable, or an operator should look at something.
    var health: ServiceHealth.Status {
        if isMemoryOnly { return .failing }
        return isUp && remote.allSatisfy { $0.state == .up } && troubles.isEmpty ? .ok : .degraded
    }

    /// The store's part of `service.health`.
    public func healthReport(at now: Timestamp) -> HealthReport {
        let known: [String: Int64] = [
            "disk.log_bytes": logBytes, "disk.log_held_s": logHeldFor?.components.seconds ?? 0, "disk.replaced": 0,
            "disk.unacknowledged": Int64(incidents?.unacknowledged.count ?? 0), "rows.quarantined": 0,
        ]
        return HealthReport(
            health, tiers: tiers(at: now), counters: known.merging(counters) { _, counted in counted },
            histograms: turns.map { ["store.turn": $0] } ?? [:], detail: health == .ok ? nil : summary)
    }

    /// One line for `systemctl status` and for the detail in `service.health`.
    public var summary: String { ([state] + troubles).joined(separator: "; ") }

    /// Problems that need an operator, apart from unavailable tiers. Each names the next step.
    private var troubles: [String] {
        var troubles: [String] = []
        for tier in remote {
            for (reason, count) in tier.refusals.sorted(by: { $0.key < $1.key }) {
                troubles.append("\(tier.name.rawValue) refuses \(count) records, which stay owed: \(reason)")
            }
            if tier.heldRemovals > 0 {
                let name = tier.name.rawValue
                troubles.append(
                    "\(name) reports that \(tier.heldRemovals) records were deleted there, too many to remove here "
                        + "without a decision; nothing was removed: run rivetctl accept \(name) to remove them "
                        + "everywhere, or rivetctl reject \(name) to put them back there")
            }
            if tier.locked > 0 {
                troubles.append(
                    "\(tier.name.rawValue) has \(tier.locked) rows that another program keeps locked: see pg_locks")
            }
        }
        let isLogHeldLong = logHeldFor.map { $0 > Self.logHeldMax } ?? false
        if logBytes > Self.logBytesMax || isLogHeldLong {
            let minutes = (logHeldFor?.components.seconds ?? 0) / 60
            let time = minutes > 0 ? " for \(minutes) min" : ""
            troubles.append(
                "the log of the local database has \(logBytes >> 20) MiB and grows: another program reads the database "
                    + "in one transaction\(time), and keeps the log from being emptied; rivetctl doctor says which "
                    + "one, end that transaction")
        }
        if let reason = incidents?.filesUnknown {
            troubles.append("whether a broken database was moved aside is not known: \(reason)")
        }
        let incidents = incidents?.unacknowledged ?? []
        let keys = self.incidents?.quarantinedKeys ?? []
        troubles += incidents.map { $0.text(hasRemoteTiers: !remote.isEmpty, keys: keys) }
        if !incidents.isEmpty { troubles.append("then run rivetctl acknowledge") }
        return troubles
    }

    private var state: String {
        if isMemoryOnly, remote.isEmpty {
            let reason = lastError ?? "no error is known"
            guard isOpened else {
                return "the local database cannot be opened: \(reason); rivetctl doctor says what to do"
            }
            return "memory only: sqlite down, \(pending) writes deferred; \(reason)"
        }
        var parts: [String] = []
        if isMemoryOnly { parts.append("memory only") }
        for tier in remote {
            let owed = tier.pending > 0 ? " (\(tier.pending) owed)" : ""
            let reason = tier.state == .up ? "" : tier.lastError.map { ": \($0)" } ?? ""
            parts.append("\(tier.name.rawValue) \(tier.state.rawValue)\(owed)\(reason)")
        }
        let error = lastError ?? "no error is known"
        parts.append(isUp ? "sqlite up" : "sqlite down, \(pending) writes deferred: \(error)")
        if isStarting { parts.append("reading what the other tiers have") }
        return parts.joined(separator: "; ")
    }
}

extension StoreIncident {
    /// For the detail in `service.health`: what happened, and what to do.
    ///
    /// - Parameter keys: the keys of quarantined rows.
    fileprivate func text(hasRemoteTiers: Bool, keys: [String]) -> String {
        switch kind {
        case .fileReplaced:
            let count =
                rows.map { $0 == 0 ? "no row" : $0 == 1 ? "1 row" : "\($0) rows" } ?? "an unknown number of rows"
            let rest =
                hasRemoteTiers
                ? "the PostgreSQL tiers fill in what they have"
                : "all else is gone unless you have a backup of it"
            return "the local database was broken and replaced; \(count) could be read and taken over, \(rest); the "
                + "broken file is \(file), see what is missing"
        case .rowsQuarantined:
            let count = rows == 1 ? "1 row that cannot be read was" : "\(rows ?? 0) rows that cannot be read were"
            let latest = keys.isEmpty ? "" : " (the latest: \(keys.joined(separator: ", ")))"
            return "\(count) put aside in the table quarantine of \(file)\(latest), see what was in them"
        }
    }
}
