import Contracts

/// Looking for what others write in a tier, while this store is in use.
extension StoreCore {
    /// A call was answered, perhaps from memory alone.
    package func noteCalls() {
        let isUsed = memory.withLock { memory in
            defer { memory.isUsed = false }
            return memory.isUsed
        }
        if isUsed { lastUseAt = time.instant() }
    }

    /// When `index` is looked at next; nil while it is not.
    ///
    /// Not one that is not connected, so that none is woken up, nor one that is held back.
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

    /// Makes a look of a pull that is about to begin, if nothing more is wanted.
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
