package import Contracts

/// What a tier tells to be gone: taken within a bound, and above it when an operator has decided.
extension StoreCore {
    /// Whether a walk has told that `key` is gone, and is not at its end.
    func isToldGone(_ key: Key) -> Bool { tiers.contains { $0.removals.waiting[key] != nil } }

    /// The answer to a write told removals. A walk tells the others, and settles all together.
    func toldByWrite(_ index: Int) {
        guard tiers[index].removals.count > 0 else { return }
        tiers[index].removals.toldByWrite()
        if tiers[index].removals.held != nil { return forgetRemovals(index) }
        if tiers[index].isPulled { tiers[index].wantsPull = true }
    }

    /// What the tier told to be gone is told again by the next walk, or when an operator has decided.
    func forgetRemovals(_ index: Int) {
        // Also by a walk of the next process.
        if tiers[index].removals.areHidden { tiers[index].knowledge.doubted() }
        tiers[index].removals.forgotten()
    }

    /// Whether removals were told, and writes that are due may tell more: all of them are to be judged together.
    ///
    /// Not for long where a record clashes with one of the tier: it waits for the end of the walk itself.
    /// - Parameter readAt: when the walk had read all rows.
    func isMoreToBeTold(_ index: Int, since readAt: ContinuousClock.Instant) -> Bool {
        if tiers[index].isTakingIn { return true }
        guard tiers[index].removals.count > 0, isServing, tiers[index].knowledge.isSeeded,
            tiers[index].clashes.isEmpty || time.instant() < readAt + TierLimits.removalsPatience
        else { return false }
        return tiers[index].hasDebtsUnderWay || memory.withLock { $0.book.queuedCount(tiers[index].name) > 0 }
    }

    /// Takes the removals that a walk and answers to writes told; or holds them back.
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
            // They are to be met again.
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

    /// Carries out an operator's decision on what a tier holds back. The next walk through the tier does, which begins at once if
    /// the tier can be reached. It is forgotten when the process ends before that.
    ///
    /// - Returns: how many removals the tier holds back; 0: there is nothing to decide. `invalidArgument` for a tier that
    ///   the store has not got.
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
