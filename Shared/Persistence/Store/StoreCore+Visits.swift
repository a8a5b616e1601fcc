import Contracts

/// By what a tier is known again: the visit that was left there.
extension StoreCore {
    func meet(_ index: Int, _ contact: TierContact) {
        recognise(index, contact)
    }

    /// Whether the tier is the one that is known, as it is known.
    func recognise(_ index: Int, _ contact: TierContact) {
        serverTimeHeard(index, contact)
        let known = tiers[index].progress
        let isAsLeft = contact.visit == known.visit || contact.visit == known.nextVisit
        if let mark = known.mark, mark != contact.mark || !isAsLeft {
            // Another database, or this one as it was some time ago.
            startOver(index)
        }
        tiers[index].progress.mark = contact.mark
        tiers[index].progress.visit = contact.visit
        // While another touch is under way, the next visit is still to be found there.
        if contact.visit != known.visit || !tiers[index].hasTouchUnderWay { tiers[index].progress.nextVisit = nil }
        tiers[index].isProgressWritten = false
        // At once: a visit that is forgotten hides that a tier was put back to where it is.
        bookkeepingAt = time.instant()
    }

    func touchLater(_ index: Int) {
        let isDoubted = tiers[index].link.isDoubted
        tiers[index].touchDueAt = time.instant() + (isDoubted ? TierLimits.proofDelay : policy.heartbeat)
    }

    /// Leaves a new visit in the tier, if it could be noted; else the one that is there.
    func touch(_ index: Int) {
        if tiers[index].progress.nextVisit == nil {
            tiers[index].progress.nextVisit = .random(in: 1 ... .max, using: &random)
            tiers[index].isProgressWritten = false
        }
        if !tiers[index].isProgressWritten { writeBookDown() }
        // The disk may have gone with that, and the tier been told so.
        guard tiers[index].link.isUp, !tiers[index].hasTouchUnderWay else { return }
        sendTouch(index, next: tiers[index].isProgressWritten ? tiers[index].progress.nextVisit : nil)
    }

    private func sendTouch(_ index: Int, next: Int64?) {
        let visit = tiers[index].progress.visit
        let number = ask(index, .touch, deadline: TierLimits.requestDeadline)
        tiers[index].port.touch(visit: visit, next: next ?? visit, link: tiers[index].link.number, request: number)
    }

    /// What a tier gets while the disk is away may be older than what the disk notes as read of that tier, and if this
    /// process ends, nobody knows of it. Then a visit that the disk does not know has the next process read all.
    func leaveUnnotedVisit(_ index: Int) {
        guard tiers[index].link.isUp, !tiers[index].isVisitUnnoted else { return }
        tiers[index].isVisitUnnoted = true
        if tiers[index].hasTouchUnderWay, let next = tiers[index].progress.nextVisit {
            tiers[index].progress.visit = next
        }
        tiers[index].progress.nextVisit = .random(in: 1 ... .max, using: &random)
        tiers[index].isProgressWritten = false
        noteBookkeeping()
        sendTouch(index, next: tiers[index].progress.nextVisit)
    }
}
