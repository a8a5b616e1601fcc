import Contracts

/// Recognizes a tier by the visit that this store left there.
extension StoreCore {
    /// Compares a contact with what this store knows of the tier, and starts over if the tier is a different database
    /// or was put back to an earlier time.
    func recognise(_ index: Int, _ contact: TierContact) {
        serverTimeHeard(index, contact)
        let (visit, nextVisit) = (tiers[index].knowledge.visit, tiers[index].knowledge.nextVisit)
        if tiers[index].knowledge.met(contact) == .strange { startOver(index) }
        if contact.visit != visit, contact.visit == nextVisit {
            memory.withLock { $0.book.visitBegan(tiers[index].name) }
            tiers[index].removals.visitBegan()
        }
        // Written down at once. If we forgot this visit, we would not notice a tier that was put back to it.
        bookkeepingAt = time.instant()
    }

    func touchLater(_ index: Int) {
        let isDoubted = tiers[index].link.isDoubted
        tiers[index].touchDueAt = time.instant() + (isDoubted ? TierLimits.proofDelay : policy.heartbeat)
    }

    /// Leaves a new visit in the tier if the disk has a note of it; otherwise repeats the visit that is there.
    func touch(_ index: Int) {
        tiers[index].knowledge.touchPlanned(next: .random(in: 1 ... .max, using: &random))
        if !tiers[index].knowledge.isNoted { writeBookDown() }
        // That write may have found the disk unavailable, and then an unnoted visit was already sent to the tier.
        guard tiers[index].link.isUp, !tiers[index].hasTouchUnderWay else { return }
        sendTouch(index, next: tiers[index].knowledge.isNoted ? tiers[index].knowledge.nextVisit : nil)
    }

    private func sendTouch(_ index: Int, next: Int64?) {
        let visit = tiers[index].knowledge.visit
        let number = ask(index, .touch, deadline: TierLimits.requestDeadline)
        tiers[index].port.touch(visit: visit, next: next ?? visit, link: tiers[index].link.number, request: number)
    }

    /// While the disk is unavailable, a tier gets writes that may be older than the point up to which the disk has
    /// noted the tier as read. If this process ends, no note of them is left. So we leave a visit that the disk does
    /// not know, which makes the next process read the whole tier.
    func leaveUnnotedVisit(_ index: Int) {
        guard tiers[index].link.isUp, !tiers[index].knowledge.hasUnnotedVisit else { return }
        tiers[index].knowledge.unnotedVisitSent(
            next: .random(in: 1 ... .max, using: &random), isTouchUnderWay: tiers[index].hasTouchUnderWay)
        noteBookkeeping()
        sendTouch(index, next: tiers[index].knowledge.nextVisit)
    }
}
