package import Contracts

/// Removals that a tier reports. They are carried out up to a bound, and above it only after an operator's decision.
extension StoreCore {
    /// Whether an unfinished walk has reported that `key` is gone.
    func isToldGone(_ key: Key) -> Bool { tiers.contains { $0.removals.waiting[key] != nil } }

    /// The response to a write reported removals. A walk reports the others, and all are resolved together.
    func toldByWrite(_ index: Int) {
        guard tiers[index].removals.count > 0 else { return }
        tiers[index].removals.toldByWrite()
        if tiers[index].removals.held != nil { return forgetRemovals(index) }
        if tiers[index].isPulled { tiers[index].wantsPull = true }
    }

    /// Forgets the removals that the tier reported. The next walk reports them again, or does so after an operator's
    /// decision.
    func forgetRemovals(_ index: Int) {
        // A walk of the next process must report them too.
        if tiers[index].removals.areHidden { tiers[index].knowledge.doubted() }
        tiers[index].removals.forgotten()
    }

    /// Whether removals were reported and due writes may report more. All of them are judged together.
    ///
    /// If a record clashes with one of the tier, this is true only for a short time: that record itself waits for the
    /// end of the walk.
    /// - Parameter readAt: when the walk had read all rows.
    func isMoreToBeTold(_ index: Int, since readAt: ContinuousClock.Instant) -> Bool {
        if tiers[index].isTakingIn { return true }
        guard tiers[index].removals.count > 0, isServing, tiers[index].knowledge.isSeeded,
            tiers[index].clashes.isEmpty || time.instant() < readAt + TierLimits.removalsPatience
        else { return false }
        return tiers[index].hasDebtsUnderWay || memory.withLock { $0.book.queuedCount(tiers[index].name) > 0 }
    }

    /// Carries out the removals that a walk and responses to writes reported, or defers them for an operator.
    ///
    /// - Returns: false when that cannot be done now.
    func settleRemovals(_ index: Int) -> Bool {
        guard tiers[index].removals.count > 0 else {
            tiers[index].removals.taken()
            return true
        }
        let isTooMany: Bool
        do { isTooMany = try areTooMany(tiers[index].removals) } catch {
            failed(error)
            return false
        }
        if isTooMany {
            // The next walk must find them again.
            if tiers[index].removals.areHidden { tiers[index].knowledge.doubted() }
            tiers[index].removals.heldBack()
            return true
        }
        guard tiers[index].removals.areAllKept else {
            tiers[index].removals.takenByNextWalk()
            return true
        }
        let rows = tiers[index].removals.waiting.values.sorted { $0.revision < $1.revision }
            .map { TierPage<Record>.Row($0, isStamped: true) }
        guard merge(rows, from: index, mayRename: false, removals: .take(upTo: tiers[index].removals.upTo)) else {
            return false
        }
        tiers[index].removals.taken()
        return true
    }

    private func areTooMany(_ removals: ToldRemovals<Record>) throws(SQLiteError) -> Bool {
        guard removals.takenInVisit + removals.count > policy.removalsMax, !plantedBug(.removalsUnbounded) else {
            return false
        }
        guard let table else { return true }
        return removals.areTooMany(
            removalsMax: policy.removalsMax, share: policy.removalsShare,
            live: try table.liveCount(at: time.wall()))
    }

    /// Records an operator's decision on the removals that were deferred for a tier. The next walk through the tier
    /// carries it out; it begins at once if the tier can be reached. The decision is forgotten if the process ends
    /// before that.
    ///
    /// - Returns: the number of deferred removals; 0 if there is nothing to decide. `invalidArgument` for a tier that
    ///   the store does not have.
    package func decide(_ decision: RemovalDecision, for tier: TierName) -> Result<Int, RPCError> {
        guard let index = tiers.firstIndex(where: { $0.name == tier }) else {
            let names = tiers.map { $0.name.rawValue }.joined(separator: ", ")
            return .failure(
                .invalidArgument(
                    "tier", names.isEmpty ? "a PostgreSQL tier, and none is configured" : "one of \(names)"))
        }
        let count = tiers[index].removals.decided(decision)
        guard count > 0 else { return .success(0) }
        readEverything(index)
        tiers[index].touchDueAt = time.instant()
        pumpAll()
        return .success(count)
    }
}
