import Contracts

/// Looks for rows that others write in a tier, while this store is in use.
extension StoreCore {
    /// Notes that calls were answered, some perhaps from memory alone.
    package func noteCalls() {
        let isUsed = memory.withLock { memory in
            defer { memory.isUsed = false }
            return memory.isUsed
        }
        if isUsed { lastUseAt = time.instant() }
    }

    /// The time of the next look at the tier `index`; nil when none is planned.
    ///
    /// There is none for a tier without a connection, so that no database is woken, nor for one whose removals are
    /// deferred.
    func lookDueAt(_ index: Int) -> ContinuousClock.Instant? {
        guard tiers[index].link.isUp, tiers[index].isPulled, tiers[index].removals.held == nil, let lastUseAt
        else { return nil }
        let due = tiers[index].lookedAt.map { $0.instant + policy.lookInterval } ?? lastUseAt
        return due < lastUseAt + policy.lookSpell ? due : nil
    }

    func lookIfDue(_ index: Int, at now: ContinuousClock.Instant) {
        guard let due = lookDueAt(index), due <= now else { return }
        (tiers[index].wantsPull, tiers[index].wantsLook) = (true, true)
    }

    /// Turns a pull that is about to begin into a look, if no more is needed.
    func beginWalk(_ index: Int, _ pull: inout RemoteTier<Record>.Pull) {
        if tiers[index].wantsLook, let looked = tiers[index].lookedAt {
            pull.isLook = true
            let start = looked.moment.advanced(by: .zero - TierLimits.lookOverlap)
            pull.newerThan = max(pull.newerThan, Revision(at: start))
        }
        tiers[index].wantsLook = false
        tiers[index].lookedAt = (time.instant(), pull.beganAt)
    }
}
