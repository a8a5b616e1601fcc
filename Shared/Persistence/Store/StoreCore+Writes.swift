import Contracts

/// What a tier says of a write that it committed.
extension StoreCore {
    /// What was sent.
    struct Write {
        var records: [Record]
        /// What waits for the answer; nil for debts.
        var items: [RemoteTier<Record>.Live]?
        var isMakingWay: Bool
    }

    /// A write was committed. What the tier holds of it is paid and confirmed, and nothing else: a record that it does not
    /// hold stays owed. What it has instead is taken in first.
    func wrote(
        _ index: Int, _ write: Write, _ unstored: [TierUnstored<Record>], _ request: RemoteTier<Record>.Request
    ) {
        let unstored = plantedBug(.unstoredCountsAsStored) ? [] : unstored
        let name = tiers[index].name
        noteContact(index, request)
        let open = Set(unstored.map { write.records[$0.index].key })
        let stored = open.isEmpty ? write.records : write.records.filter { !open.contains($0.key) }
        memory.withLock { memory in
            for record in stored { memory.book.paid(record.key, record.revision, to: name) }
        }
        if !stored.isEmpty { tiers[index].lockedInARow = [] }
        if !tiers[index].clashes.isEmpty { for record in stored { tiers[index].clashes[record.key] = nil } }
        if !tiers[index].aside.isEmpty { for record in stored { tiers[index].aside.paid(record.key) } }
        noteBookkeeping()
        for item in write.items ?? [] where !open.contains(item.record.key) {
            countDown(item.ticket, confirmedBy: name)
        }
        if !unstored.isEmpty { resolve(index, write, unstored) }
    }

    private func noteContact(_ index: Int, _ request: RemoteTier<Record>.Request) {
        let now = time.instant()
        tiers[index].latency = now - request.sentAt
        tiers[index].lastPaidAt = now
        if tiers[index].visitDueAt <= now { tiers[index].touchDueAt = now } else { touchLater(index) }
        tiers[index].lastError = nil
    }

    /// Records that the tier does not hold: each goes its own way, and none keeps another waiting.
    private func resolve(_ index: Int, _ write: Write, _ unstored: [TierUnstored<Record>]) {
        var rows: [TierPage<Record>.Row] = []
        var (clashing, later): ([Record], [Key]) = ([], [])
        for item in unstored {
            let record = write.records[item.index]
            switch item.cause {
            case .held(let row):
                rows.append(row)
                tiers[index].lastError = "a row has another revision"
            case .refused(let refusal):
                tiers[index].lastError = refusal.reason
                switch refusal.kind {
                case .clash: clashing.append(record)
                case .transient: later.append(record.key)
                case .locked: putAside(record.key, .locked, refusal.reason, index)
                case .bug:
                    counters["tiers.refusals", default: 0] += 1
                    putAside(record.key, .refused, refusal.reason, index)
                }
            }
        }
        if !later.isEmpty {
            memory.withLock { $0.book.returned(later, to: tiers[index].name) }
            tiers[index].debtsDueAt = time.instant() + TierLimits.retryDelay
        }
        let (open, clashingKeys) = (Set(unstored.map { write.records[$0.index].key }), Set(clashing.map { $0.key }))
        for item in write.items ?? [] where open.contains(item.record.key) && !clashingKeys.contains(item.record.key) {
            countDown(item.ticket)
        }
        if write.isMakingWay {
            for record in clashing {
                for item in write.items ?? [] where item.record.key == record.key { countDown(item.ticket) }
                askForRival(index, of: record)
            }
        } else {
            writeAgain(
                index, clashing, write.items?.filter { clashingKeys.contains($0.record.key) }, isMakingWay: true)
        }
        takeIn(index, rows)
    }

    /// Rows that had another revision than what was sent: the newer one wins here, as everywhere, and is owed to the tier
    /// if it is not just what it has. At once; a row that goes on being another one waits longer each time. One whose
    /// revision no clock gave wins nowhere: nothing can be written over it, and a person must look at it.
    private func takeIn(_ index: Int, _ all: [TierPage<Record>.Row]) {
        let refused = all.filter { !isBelieved($0.record) }
        putInQuarantine(refused.map { ($0.record.key, $0.record.journalValue.text) })
        for row in refused {
            putAside(row.record.key, .refused, "the row there has a revision that no clock gave", index)
        }
        let rows = all.filter { isBelieved($0.record) }
        guard !rows.isEmpty else { return }
        counters["rows.overtaken", default: 0] += Int64(rows.count)
        // A merge has the tiers do what is due: no walk may end before it knows which removals these rows tell.
        tiers[index].isTakingIn = true
        let isTakenIn = merge(rows, from: index, mayRename: false)
        tiers[index].isTakingIn = false
        toldByWrite(index)
        let name = tiers[index].name
        for row in rows {
            let key = row.record.key
            guard memory.withLock({ $0.book.owed(key).contains(TierSet(name)) }) else {
                tiers[index].aside.paid(key)
                continue
            }
            // If the disk cannot be asked now, it is sent, and told of, again.
            putAside(key, .overtaken, "", index, waitMin: isTakenIn ? .zero : TierLimits.retryDelay)
        }
    }
}
