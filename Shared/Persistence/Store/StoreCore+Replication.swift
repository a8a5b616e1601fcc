import Contracts

/// How all tiers get the same records: debts, the seeding walk that owes a tier everything, and pulls of newer rows.
extension StoreCore {
    // MARK: Debts

    /// The book grew.
    func backlogGrew() {
        let due = time.instant() + TierLimits.debtDelay
        for index in tiers.indices where memory.withLock({ $0.book.count(tiers[index].name) > policy.debtsMax }) {
            owesAll(index)
        }
        for index in tiers.indices where tiers[index].debtsDueAt == nil {
            if memory.withLock({ $0.book.queuedCount(tiers[index].name) > 0 }) { tiers[index].debtsDueAt = due }
        }
    }

    /// Pays some debts, oldest first, one batch at a time.
    func payDebts(_ index: Int, at now: ContinuousClock.Instant) {
        let tier = tiers[index]
        let queued = memory.withLock { $0.book.queuedCount(tier.name) }
        guard queued > 0 else {
            tiers[index].debtsDueAt = nil
            return
        }
        if tier.debtsDueAt == nil { tiers[index].debtsDueAt = now + TierLimits.debtDelay }
        let isBesideLive = tier.lastLiveAt.map { now - $0 < TierLimits.liveSpell } ?? false
        // A tier that has failed proves itself by a response in time, so it gets small batches.
        let limit =
            isBesideLive || tier.link.isDoubted ? TierLimits.debtRecordsBesideLiveMax : TierLimits.debtRecordsMax
        let isDue = tiers[index].debtsDueAt.map { $0 <= now } ?? false
        // A full batch need not wait for more debts, but the delay after a failure is kept.
        guard isDue, !tier.hasDebtsUnderWay, tier.live.isEmpty else { return }
        let keys = memory.withLock { $0.book.take(tier.name, limit: limit) }
        let records = recordsOwed(keys, index)
        if !records.isEmpty {
            write(index, .debts(records, isMakingWay: false), deadline: TierLimits.requestDeadline)
        }
        let left = memory.withLock { $0.book.queuedCount(tier.name) }
        if left == 0 {
            tiers[index].debtsDueAt = nil
        } else if tiers[index].debtsDueAt.map({ $0 <= now }) ?? true {
            tiers[index].debtsDueAt = left >= TierLimits.debtRecordsBesideLiveMax ? now : now + TierLimits.debtDelay
        }
    }

    private func recordsOwed(_ keys: [Key], _ index: Int) -> [Record] {
        var records: [Record] = []
        var bytes = 0
        for (position, key) in keys.enumerated() {
            do throws(RPCError) {
                if let record = try stored(key) {
                    memory.withLock { $0.book.known(key, record.revision) }
                    records.append(record)
                    bytes += record.memoryCost
                } else {
                    // The record was forgotten in the meantime: there is nothing to send.
                    memory.withLock { $0.book.paid(key, Revision(rawValue: .max), to: tiers[index].name) }
                }
            } catch {
                memory.withLock { $0.book.returned(Array(keys[position...]), to: tiers[index].name) }
                tiers[index].debtsDueAt = time.instant() + TierLimits.retryDelay
                break
            }
            if bytes >= TierLimits.batchBytesMax {
                memory.withLock { $0.book.returned(Array(keys[(position + 1)...]), to: tiers[index].name) }
                break
            }
        }
        return records
    }

    /// The newest revision. Does not count as a use for the LRU order.
    func stored(_ key: Key) throws(RPCError) -> Record? {
        if let record = memory.withLock({ $0.peek(key) }) { return record }
        return try ask { table throws(SQLiteError) in try table.get(key) }
    }

    // MARK: Seeding

    /// Continues the seeding walk, which owes the tier all records older than its written debts.
    func seed(_ index: Int) {
        guard !tiers[index].knowledge.isSeeded, tiers[index].isPulled, let table, isDiskUp,
            !debtsToStrike.contains(TierSet(tiers[index].name))
        else { return }
        while memory.withLock({ $0.book.queuedCount(tiers[index].name) < policy.pageRecords }) {
            let after: Key?
            switch tiers[index].knowledge.seeding {
            case .due, .under(after: nil): after = nil
            case .under(after: let text?): after = Key(cursorText: text)
            case .done: return
            }
            let rows: [(key: Key, revision: Revision)]
            do { rows = try table.keys(after: after, limit: policy.pageRecords) } catch { return failed(error) }
            let (name, now) = (tiers[index].name, time.wall())
            memory.withLock { memory in
                for row in rows { memory.book.owes(row.key, row.revision, to: TierSet(name), since: now) }
            }
            tiers[index].debtsDueAt = time.instant()
            let end = rows.count < policy.pageRecords ? nil : rows.last?.key.cursorText
            guard noteSeeded(index, rows.map { $0.key }, upTo: end) else { return }
            tiers[index].rowsToSeed = max(0, tiers[index].rowsToSeed - rows.count)
            if tiers[index].knowledge.isSeeded {
                // After a restart, the count included rows that the walk had passed before.
                tiers[index].rowsToSeed = 0
                holdersChanged()
            }
        }
    }

    /// Compares all rows of every tier with ours, and owes each tier what it may lack.
    package func reconcile() {
        for index in tiers.indices { startOver(index) }
        pumpAll()
    }

    // MARK: Pulling

    func askForPage(_ index: Int, at now: ContinuousClock.Instant) {
        if tiers[index].wantsPull, tiers[index].pull == nil {
            tiers[index].wantsPull = false
            requestsIssued += 1
            let moment = pullMoment(index)
            // A clock that was ahead noted this mark: rows that were written since may be below it.
            if tiers[index].knowledge.pulledTo > Revision(at: moment) { tiers[index].knowledge.doubted() }
            var pull = RemoteTier<Record>.Pull(
                number: requestsIssued, newerThan: tiers[index].knowledge.pulledTo, beganAt: moment,
                size: PageSize(full: policy.pageRecords))
            pull.rule = tiers[index].removals.rule
            beginWalk(index, &pull)
            tiers[index].pull = pull
        }
        guard let pull = tiers[index].pull, !pull.isAsked, pull.retryAt.map({ $0 <= now }) ?? true else { return }
        tiers[index].pull?.retryAt = nil
        if pull.readAt != nil { return pulled(index) }
        tiers[index].pull?.isAsked = true
        let number = ask(index, .page(ofPull: pull.number), deadline: TierLimits.requestDeadline)
        tiers[index].port.readPage(
            after: pull.after, newerThan: pull.newerThan, limit: pull.isPassing ? 0 : pull.size.limit,
            link: tiers[index].link.number, request: number)
    }

    func received(_ index: Int, _ page: TierPage<Record>) {
        if tiers[index].pull?.isPassing == true { return received(index, keyOfRow: page.next) }
        // `isAsked` stays true until the whole page is merged. A merge calls `pumpAll`, which sends all requests that
        // are due. It must not request the next page yet.
        tiers[index].pull?.told = page
        mergePiece(index)
    }

    func pulled(_ index: Int) {
        guard let pull = tiers[index].pull else { return }
        // As with a page: this pumps the tiers, which must not continue this walk.
        tiers[index].pull?.isAsked = true
        let readAt = pull.readAt ?? time.instant()
        tiers[index].pull?.readAt = readAt
        let isMore = isMoreToBeTold(index, since: readAt)
        let wait = isMore ? TierLimits.debtDelay : settleRemovals(index) ? nil : TierLimits.retryDelay
        if let wait {
            tiers[index].pull?.isAsked = false
            tiers[index].pull?.retryAt = time.instant() + wait
            return
        }
        tiers[index].pull = nil
        holdersChanged()
        // The next walk or the next process must find the waiting removals again.
        if tiers[index].removals.rule != .collect {
            tiers[index].wantsPull = true
        } else if tiers[index].removals.held == nil {
            let moment = Revision(at: pull.beganAt.advanced(by: .zero - TierLimits.pullOverlap))
            let start = tiers[index].knowledge.pulledTo
            if !pull.isLook {
                tiers[index].knowledge.readToEnd(from: pull.newerThan, at: moment)
            } else if moment.rawValue > start.rawValue + TierLimits.lookNotedAfter {
                tiers[index].knowledge.readToEnd(from: start, at: moment)
            }
        }
        if !pull.isLook { counters["pulls.\(tiers[index].name.rawValue)", default: 0] += 1 }
        noteBookkeeping()
    }

    var isAnyoneReading: Bool { tiers.contains { $0.link.isUp && !$0.isPulled } }

    /// Imports the deferred records once all tiers are read, although other records may stand in their way. Earlier, a
    /// record in their way might be renamed although a tier has a newer revision of it.
    func settleDeferredIfDue(at now: ContinuousClock.Instant) {
        if let moment = settleAt, moment <= now { settleAt = nil }
        guard !deferred.isEmpty, isServing, !isAnyoneReading, settleAt == nil else { return }
        let records = deferred
        deferred = [:]
        let rows = records.values.sorted { $0.revision < $1.revision }
            .map { TierPage<Record>.Row($0, isStamped: false) }
        if !merge(rows, from: nil, mayRename: true, removals: .leave) {
            for record in records.values { deferLater(record) }
            settleAt = now + TierLimits.retryDelay
        }
    }

    func deferLater(_ record: Record) {
        if let known = deferred[record.key], known.revision >= record.revision { return }
        deferred[record.key] = record
    }

    /// Ends the wait of an empty store, when the tiers were read or the time is over.
    func endBootstrapIfDue(at now: ContinuousClock.Instant) {
        guard let limit = bootstrapUntil else { return }
        let isEveryoneKnown = tiers.allSatisfy { $0.isPulled || $0.hasFailed }
        // If our disk lost rows, wait until one tier has been read. If only memory was lost, wait for all tiers, since
        // any may have a write that only memory had.
        let isEnough = lacksRows ? isEveryoneKnown && tiers.contains { $0.isPulled } : tiers.allSatisfy(\.isPulled)
        guard (isEnough || limit <= now) && !isAnyoneReading else {
            if limit <= now { bootstrapUntil = now + .milliseconds(100) }
            return
        }
        bootstrapUntil = nil
        journal?.begin()
        // Tiers that were unavailable are read when they are back; no operation waits for them again.
        for index in tiers.indices { tiers[index].knowledge.awaitedInVain() }
        noteBookkeeping()
    }

    /// Schedules a second look. Records that an earlier process sent and did not write down here may arrive after the
    /// tiers were read.
    ///
    /// - Parameter isAll: whether to read older rows too, as after the loss of a disk that had them.
    func lookAgainLater(isAll: Bool) {
        guard !tiers.isEmpty else { return }
        secondLook = (time.instant() + TierLimits.secondLook, isAll || secondLook?.isAll ?? false)
    }

    func lookAgainIfDue(at now: ContinuousClock.Instant) {
        guard let look = secondLook, look.moment <= now else { return }
        secondLook = nil
        for index in tiers.indices {
            if look.isAll { readEverything(index) } else { tiers[index].wantsPull = true }
            // This wakes a sleeping tier too.
            tiers[index].touchDueAt = now
        }
    }
}
