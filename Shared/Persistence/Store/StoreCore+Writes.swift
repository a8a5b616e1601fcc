import Contracts

/// Handles a tier's report that it committed a write.
extension StoreCore {
    /// The records that were sent.
    struct Write {
        var records: [Record]
        /// The live writes that wait for the response; nil for debts.
        var items: [RemoteTier<Record>.Live]?
        var isMakingWay: Bool
    }

    /// A write was committed. Marks each record that the tier now holds as paid and confirmed, and only those: a record
    /// that the tier does not hold stays owed. A row that the tier has instead is imported first.
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

    /// Handles the records that the tier does not hold. Each is handled by its own cause, and none delays another.
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

    /// Imports rows that had another revision than the one we sent. The newer revision wins, as everywhere. If it is
    /// not exactly what the tier has, it is owed to the tier: at once, but a row that keeps changing waits longer each
    /// time. A revision that no clock can have issued wins nowhere: nothing can be written over it, and a person must
    /// look at the row.
    private func takeIn(_ index: Int, _ all: [TierPage<Record>.Row]) {
        let refused = all.filter { !isBelieved($0.record) }
        putInQuarantine(refused.map { ($0.record.key, $0.record.journalValue.text) })
        for row in refused {
            putAside(row.record.key, .refused, "the row there has a revision that no clock gave", index)
        }
        let rows = all.filter { isBelieved($0.record) }
        guard !rows.isEmpty else { return }
        counters["rows.overtaken", default: 0] += Int64(rows.count)
        // The merge below pumps the tiers. No walk may end before it knows which removals these rows report.
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
            // If the disk cannot be read now, the record is sent again, and the row reported again.
            putAside(key, .overtaken, "", index, waitMin: isTakenIn ? .zero : TierLimits.retryDelay)
        }
    }
}
