import Contracts

/// By what a tier is known again: the visit that was left there.
extension StoreCore {
    /// Whether the tier is the one that is known, as it is known.
    func recognise(_ index: Int, _ contact: TierContact) {
        serverTimeHeard(index, contact)
        let (visit, nextVisit) = (tiers[index].knowledge.visit, tiers[index].knowledge.nextVisit)
        if tiers[index].knowledge.met(contact) == .strange { startOver(index) }
        if contact.visit != visit, contact.visit == nextVisit {
            memory.withLock { $0.book.visitBegan(tiers[index].name) }
            tiers[index].removals.visitBegan()
        }
        // At once: a visit that is forgotten hides that a tier was put back to where it is.
        bookkeepingAt = time.instant()
    }

    func touchLater(_ index: Int) {
        let isDoubted = tiers[index].link.isDoubted
        tiers[index].touchDueAt = time.instant() + (isDoubted ? TierLimits.proofDelay : policy.heartbeat)
    }

    /// Leaves a new visit in the tier, if it could be noted; else the one that is there.
    func touch(_ index: Int) {
        tiers[index].knowledge.touchPlanned(next: .random(in: 1 ... .max, using: &random))
        if !tiers[index].knowledge.isNoted { writeBookDown() }
        // The disk may have gone with that, and the tier been told so.
        guard tiers[index].link.isUp, !tiers[index].hasTouchUnderWay else { return }
        sendTouch(index, next: tiers[index].knowledge.isNoted ? tiers[index].knowledge.nextVisit : nil)
    }

    private func sendTouch(_ index: Int, next: Int64?) {
        let visit = tiers[index].knowledge.visit
        let number = ask(index, .touch, deadline: TierLimits.requestDeadline)
        tiers[index].port.touch(visit: visit, next: next ?? visit, link: tiers[index].link.number, request: number)
    }

    /// What a tier gets while the disk is away may be older than what the disk notes as read of that tier, and if this
    /// process ends, nobody knows of it. Then a visit that the disk does not know has the next process read all.
    func leaveUnnotedVisit(_ index: Int) {
        guard tiers[index].link.isUp, !tiers[index].knowledge.hasUnnotedVisit else { return }
        tiers[index].knowledge.unnotedVisitSent(
            next: .random(in: 1 ... .max, using: &random), isTouchUnderWay: tiers[index].hasTouchUnderWay)
        noteBookkeeping()
        sendTouch(index, next: tiers[index].knowledge.nextVisit)
    }
}
