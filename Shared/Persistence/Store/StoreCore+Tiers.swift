package import Contracts
import DequeModule

/// The remote tiers: contact, the live path, and the outcomes of requests.
extension StoreCore {
    // MARK: Events

    /// Handles a report of a tier's shell.
    package func received(_ event: TierEvent<Record>, from name: TierName, link: Int) {
        guard let index = tiers.firstIndex(where: { $0.name == name }), tiers[index].link.number == link else { return }
        switch event {
        case .connected(let contact): connected(index, contact)
        case .lost(let reason): lost(index, reason)
        case .answered(let number, let answer): answered(index, number, answer)
        }
        pumpAll()
        endBootstrapIfDue(at: time.instant())
        settleDeferredIfDue(at: time.instant())
    }

    private func connected(_ index: Int, _ contact: TierContact) {
        tiers[index].link.connected()
        if tiers[index].link.isTrusted { tiers[index].isAway = false }
        tiers[index].lastError = nil
        if tiers[index].mayLackRecent, !plantedBug(.recentPaymentsKept) {
            memory.withLock { $0.book.owesRecent(tiers[index].name) }
        }
        tiers[index].mayLackRecent = false
        tiers[index].knowledge.connected()
        recognise(index, contact)
        // A visit begins. It also proves that a tier which failed works again.
        (tiers[index].touchDueAt, tiers[index].visitDueAt) = (time.instant(), time.instant())
        tiers[index].clashes = [:]
        tiers[index].lockedInARow = []
        returnAside(index, tiers[index].aside.takeAll())
        holdersChanged()
        noteBookkeeping()
    }

    /// Compares the whole tier again, and owes it everything.
    func startOver(_ index: Int) {
        tiers[index].knowledge.tierChanged()
        readEverything(index)
        owesAll(index)
    }

    func readEverything(_ index: Int) {
        tiers[index].knowledge.doubted()
        (tiers[index].wantsPull, tiers[index].wantsLook) = (true, false)
        tiers[index].pull = nil
    }

    private func lost(_ index: Int, _ reason: String) {
        let wasIdle = tiers[index].requests.isEmpty && tiers[index].live.isEmpty
        noteEnd(index, wasIdle: wasIdle)
        tiers[index].lastError = reason
        // A tier that was connected before is back soon, and an empty store waits to read it. So only a failed
        // connection attempt counts.
        if tiers[index].link.state == .connecting { tiers[index].hasFailed = true }
        tiers[index].link.lost(wasIdle: wasIdle, at: time.instant())
        abandon(index)
    }

    /// A sleeping database ends its connection long after the last write. If a connection ends in use or soon after,
    /// that may be a failover.
    private func noteEnd(_ index: Int, wasIdle: Bool) {
        guard tiers[index].link.isUp else { return }
        let isRecent = tiers[index].lastPaidAt.map { time.instant() - $0 < TierLimits.visitLength * 2 } ?? false
        if !wasIdle || isRecent { tiers[index].mayLackRecent = true }
    }

    /// Requests that were under way on the connection have an unknown outcome. Their records stay owed.
    func abandon(_ index: Int) {
        let name = tiers[index].name
        if !tiers[index].link.isTrusted { tiers[index].isAway = true }
        // While it is unavailable, other programs may write there. A tier that only sleeps is not read again for that.
        if tiers[index].link.state != .asleep { tiers[index].wantsPull = true }
        (tiers[index].lookedAt, tiers[index].wantsLook) = (nil, false)
        let requests = tiers[index].requests
        let live = tiers[index].live
        tiers[index].requests = []
        tiers[index].live = []
        tiers[index].pull?.isAsked = false
        tiers[index].pull?.told = nil
        if tiers[index].removals.count > 0 {
            // While removals of an unfinished walk are unresolved, their records cannot be changed. So the walk is
            // repeated from its beginning.
            forgetRemovals(index)
            (tiers[index].pull, tiers[index].wantsPull) = (nil, true)
        }
        var sent: [Key] = []
        var waiting: [RemoteTier<Record>.Live] = []
        for request in requests {
            switch request.kind {
            case .live(let records, let items, _):
                sent += records.map { $0.key }
                waiting += items
            case .debts(let records, _): sent += records.map { $0.key }
            case .rival(let record): sent.append(record.key)
            case .page, .touch, .prune: break
            }
        }
        sent += live.map { $0.record.key }
        memory.withLock { $0.book.returned(sent, to: name) }
        if !sent.isEmpty { tiers[index].debtsDueAt = time.instant() }
        moveOn(waiting + live)
    }

    /// Calls that waited for a tier that is now unavailable wait for the next healthy one, until their original
    /// deadline.
    private func moveOn(_ live: [RemoteTier<Record>.Live]) {
        let next = liveTier
        for item in live where waiters[item.ticket] != nil {
            if let next, memory.withLock({ $0.book.owed(item.record.key).contains(TierSet(tiers[next].name)) }) {
                enqueueLive([item.record], ticket: item.ticket, next)
            } else {
                countDown(item.ticket)
            }
        }
    }

    // MARK: The live path

    /// The first tier that is trusted to accept a write. A tier that is being compared from the beginning gets new
    /// changes only after that.
    var liveTier: Int? {
        tiers.firstIndex { $0.link.isTrusted && !$0.isLockedOut && $0.knowledge.takesDebts }
    }

    func enqueueLive(_ records: [Record], ticket: Int, _ index: Int) {
        tiers[index].lastLiveAt = time.instant()
        memory.withLock { memory in
            for record in records { memory.book.sent(record.key, to: tiers[index].name) }
        }
        for record in records { tiers[index].live.append(.init(record: record, ticket: ticket)) }
    }

    private func sendLive(_ index: Int) {
        while !tiers[index].live.isEmpty, tiers[index].liveBatches < TierLimits.liveBatchesMax {
            var records: [Record] = []
            var positions: [Key: Int] = [:]
            var items: [RemoteTier<Record>.Live] = []
            var bytes = 0
            while records.count < TierLimits.liveRecordsMax, bytes < TierLimits.batchBytesMax,
                let item = tiers[index].live.popFirst()
            {
                items.append(item)
                bytes += item.record.memoryCost
                if let position = positions[item.record.key] {
                    if records[position].revision < item.record.revision { records[position] = item.record }
                } else {
                    positions[item.record.key] = records.count
                    records.append(item.record)
                }
            }
            write(index, .live(records, waiting: items, isMakingWay: false), deadline: policy.remoteDeadline)
        }
    }

    func write(_ index: Int, _ kind: RemoteTier<Record>.Request.Kind, deadline: Duration) {
        if !isDiskUp { leaveUnnotedVisit(index) }
        let number = ask(index, kind, deadline: deadline)
        switch kind {
        case .live(let records, _, let isMakingWay), .debts(let records, let isMakingWay):
            tiers[index].port.write(
                records, makingWay: isMakingWay, link: tiers[index].link.number, request: number)
        case .page, .rival, .touch, .prune: preconditionFailure("no write")
        }
    }

    /// Adds a request to the list of those under way.
    func ask(_ index: Int, _ kind: RemoteTier<Record>.Request.Kind, deadline: Duration) -> Int {
        requestsIssued += 1
        let now = time.instant()
        tiers[index].requests.append(
            .init(number: requestsIssued, kind: kind, sentAt: now, deadline: now + deadline))
        return requestsIssued
    }

    /// One change of a waiting call needs no further response of a tier: it was confirmed by `tier`, or will not be
    /// confirmed (nil).
    func countDown(_ ticket: Int, confirmedBy tier: TierName? = nil) {
        guard waiters[ticket] != nil else { return }
        if let tier { waiters[ticket]?.confirmed.formUnion(TierSet(tier)) }
        waiters[ticket]?.left -= 1
        if waiters[ticket]?.left == 0 { answerWaiter(ticket) }
    }

    func answerWaiter(_ ticket: Int) {
        guard let waiter = waiters.removeValue(forKey: ticket) else { return }
        let placement = waiter.subject.map { subject in
            memory.withLock { memory in
                memory.placement(of: subject, at: waiter.revision, confirmed: waiter.confirmed)
            }
        }
        waiter.operation.done(placement ?? Placement([.sqlite]))
    }

    /// Responds to calls whose deadline has passed, with the placement reached so far.
    func giveUpWaiting(at now: ContinuousClock.Instant) {
        var hasWaited = false
        while let first = waiting.first, first.deadline <= now || waiters[first.ticket] == nil {
            waiting.removeFirst()
            guard waiters[first.ticket] != nil else { continue }
            hasWaited = true
            answerWaiter(first.ticket)
        }
        guard hasWaited else { return }
        for index in tiers.indices where tiers[index].link.state == .connecting && !tiers[index].live.isEmpty {
            tiers[index].link.connectIsSlow()
            let keys = tiers[index].live.map { $0.record.key }
            tiers[index].live = []
            memory.withLock { $0.book.returned(keys, to: tiers[index].name) }
            tiers[index].debtsDueAt = now
        }
    }

    /// Ends the connection if a request got no response in time: the peer counts as dead.
    func endOverdueRequests(_ index: Int, at now: ContinuousClock.Instant) {
        guard tiers[index].requests.contains(where: { $0.deadline <= now }) else { return }
        tiers[index].port.giveUp(link: tiers[index].link.number)
        noteEnd(index, wasIdle: false)
        tiers[index].lastError = "no answer in time"
        let isPageOverdue = tiers[index].requests.contains { request in
            if case .page = request.kind { request.deadline <= now } else { false }
        }
        if isPageOverdue { pageRefused(index, "no answer in time", isAtOnce: true) }
        tiers[index].link.lost(wasIdle: false, at: now)
        abandon(index)
    }

    // MARK: Responses

    private func answered(_ index: Int, _ number: Int, _ answer: TierAnswer<Record>) {
        guard let position = tiers[index].requests.firstIndex(where: { $0.number == number }) else { return }
        let request = tiers[index].requests.remove(at: position)
        answeredInTime(index, request)
        switch (request.kind, answer) {
        case (.live(let records, let items, let isMakingWay), .written(let unstored)):
            wrote(index, Write(records: records, items: items, isMakingWay: isMakingWay), unstored, request)
        case (.debts(let records, let isMakingWay), .written(let unstored)):
            wrote(index, Write(records: records, items: nil, isMakingWay: isMakingWay), unstored, request)
        case (.live(let records, let items, let isMakingWay), .refused(let refusal)):
            refused(index, records, items, isMakingWay, refusal)
        case (.debts(let records, let isMakingWay), .refused(let refusal)):
            refused(index, records, nil, isMakingWay, refusal)
        case (.page(let pull), .page(let page)):
            tiers[index].unanswered = nil
            if tiers[index].pull?.number == pull { received(index, page) }
        case (.rival(let record), .rival(let rival)): found(index, rival, of: record)
        case (.touch, .touched(let contact)):
            recognise(index, contact)
            tiers[index].visitDueAt = time.instant() + TierLimits.visitLength
            touchLater(index)
        case (.prune, .pruned(let count)):
            if count < TierLimits.pruneRecords { tiers[index].pruneBefore = nil }
        case (.touch, .refused(let refusal)), (.prune, .refused(let refusal)), (.page, .refused(let refusal)),
            (.rival, .refused(let refusal)):
            refusedToTell(index, request, refusal)
        default: preconditionFailure("an answer that does not fit its request")
        }
    }

    /// Writes wait for a failed tier again once it responds to a write, even a refused one, within the time that a
    /// write may wait.
    private func answeredInTime(_ index: Int, _ request: RemoteTier<Record>.Request) {
        switch request.kind {
        case .page, .rival, .prune: return
        case .live, .debts, .touch: break
        }
        guard tiers[index].link.isDoubted, time.instant() - request.sentAt <= policy.remoteDeadline else { return }
        tiers[index].link.proved()
        tiers[index].isAway = false
    }

    // MARK: Due work

    func pumpAll() { for index in tiers.indices { pump(index) } }

    /// Connects if there is a reason to, and sends live writes. It does not touch the disk, so it may be called while a
    /// transaction is open.
    func pumpLive(_ index: Int) {
        let now = time.instant()
        if tiers[index].link.mayConnect(at: now), isContactWanted(index, at: now) {
            let number = tiers[index].link.connectBegan()
            // Always a new mark. With the known one, a database that lost everything would pass for the old one.
            tiers[index].port.connect(link: number, mark: .random(in: 1 ... .max, using: &random))
        }
        if tiers[index].link.isUp { sendLive(index) }
    }

    /// Sends the tier all requests that are due.
    func pump(_ index: Int) {
        if memory.withLock({ $0.book.queuedCount(tiers[index].name) == 0 }) { tiers[index].debtsDueAt = nil }
        pumpLive(index)
        guard tiers[index].link.isUp else { return }
        let now = time.instant()
        returnAside(index, tiers[index].aside.take(dueAt: now))
        lookIfDue(index, at: now)
        askForPage(index, at: now)
        seed(index)
        payDebts(index, at: now)
        if tiers[index].touchDueAt <= now, !tiers[index].hasTouchUnderWay { touch(index) }
        if let moment = tiers[index].pruneBefore, !tiers[index].hasPruneUnderWay {
            let number = ask(index, .prune, deadline: TierLimits.requestDeadline)
            tiers[index].port.prune(
                before: moment, limit: TierLimits.pruneRecords, link: tiers[index].link.number, request: number)
        }
    }

    private func isContactWanted(_ index: Int, at now: ContinuousClock.Instant) -> Bool {
        let tier = tiers[index]
        // A sleeping tier is read for rows of others only when there is another reason to wake it.
        return !tier.live.isEmpty || tier.touchDueAt <= now || !tier.knowledge.isSeeded || tier.pull != nil
            || (tier.wantsPull && !tier.link.isTrusted)
            || (memory.withLock { $0.book.queuedCount(tier.name) > 0 } && (tier.debtsDueAt ?? now) <= now)
    }

    /// The time of the tier's next due work that no event announces.
    func tierWakeAt(_ index: Int) -> ContinuousClock.Instant? {
        var first = FirstMoment()
        switch tiers[index].link.state {
        case .waiting(let moment): return moment
        case .connecting: return nil
        case .asleep:
            first.or(tiers[index].debtsDueAt)
            first.or(tiers[index].touchDueAt)
        case .up:
            for request in tiers[index].requests { first.or(request.deadline) }
            first.or(tiers[index].pull?.retryAt)
            first.or(tiers[index].aside.dueAt)
            if !tiers[index].hasDebtsUnderWay, tiers[index].live.isEmpty { first.or(tiers[index].debtsDueAt) }
            if !tiers[index].hasTouchUnderWay { first.or(tiers[index].touchDueAt) }
            first.or(lookDueAt(index))
        }
        return first.moment
    }

    /// Makes every tier empty tombstones made before `moment`. If a tier is owed something for longer than
    /// `debtsKeptFor`, its debts are no longer kept key by key: it is compared and filled when it is back.
    package func pruneTiers(before moment: Timestamp) {
        let keptSince = time.wall().advanced(by: .zero - TierLimits.debtsKeptFor)
        for index in tiers.indices {
            let oldest = memory.withLock { $0.book.oldest(tiers[index].name) }
            if let oldest, oldest <= keptSince { startOver(index) }
            tiers[index].pruneBefore = moment
        }
        pumpAll()
    }

    /// Updates the set of tiers that have every record not owed to them. It is empty until the book was read.
    func holdersChanged() {
        let known = table == nil ? [] : tiers
        let holders = TierSet(
            known.filter { $0.knowledge.isSeeded && $0.knowledge.isMet && !$0.removals.areUntaken }.map { $0.name })
        memory.withLock { $0.holders = holders }
    }
}
