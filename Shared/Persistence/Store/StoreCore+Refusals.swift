import Contracts

/// Handles records that a tier refuses: retried, put aside, or resolved as a clash of two records.
extension StoreCore {
    /// The tier rejected this one request. It is not down; the request is repeated later.
    func refusedToTell(
        _ index: Int, _ request: RemoteTier<Record>.Request, _ refusal: TierRefusal
    ) {
        tiers[index].lastError = refusal.reason
        counters["tiers.refusals", default: 0] += 1
        switch request.kind {
        case .touch:
            tiers[index].knowledge.touchRefused()
            touchLater(index)
        case .prune: tiers[index].pruneBefore = nil
        case .page:
            tiers[index].unanswered = refusal.reason
            pageRefused(index, refusal.reason, isAtOnce: refusal.kind != .transient && refusal.kind != .locked)
        case .rival(let record): putAside(record.key, .refused, refusal.reason, index)
        case .live, .debts: break
        }
    }

    /// The tier rolled back a batch because of one of its records. The others are sent again at once, without that
    /// record.
    ///
    /// - Parameter items: the live writes that wait; nil for debts.
    func refused(
        _ index: Int, _ records: [Record], _ items: [RemoteTier<Record>.Live]?, _ isMakingWay: Bool,
        _ refusal: TierRefusal
    ) {
        tiers[index].lastError = refusal.reason
        if refusal.kind == .clash, !isMakingWay { return writeAgain(index, records, items, isMakingWay: true) }
        if refusal.kind == .bug { counters["tiers.refusals", default: 0] += 1 }
        let position = refusal.index ?? (records.count == 1 ? 0 : nil)
        guard refusal.kind != .transient, let position, records.indices.contains(position) else {
            memory.withLock { $0.book.returned(records.map { $0.key }, to: tiers[index].name) }
            tiers[index].debtsDueAt = time.instant() + TierLimits.retryDelay
            items?.forEach { countDown($0.ticket) }
            return
        }
        var others = records
        let refused = others.remove(at: position)
        if refusal.kind == .clash {
            askForRival(index, of: refused)
        } else {
            putAside(refused.key, refusal.kind == .locked ? .locked : .refused, refusal.reason, index)
        }
        for item in items ?? [] where item.record.key == refused.key { countDown(item.ticket) }
        writeAgain(index, others, items?.filter { $0.record.key != refused.key }, isMakingWay: isMakingWay)
    }

    func writeAgain(
        _ index: Int, _ records: [Record], _ items: [RemoteTier<Record>.Live]?, isMakingWay: Bool
    ) {
        guard !records.isEmpty else { return }
        if let items {
            write(index, .live(records, waiting: items, isMakingWay: isMakingWay), deadline: policy.remoteDeadline)
        } else {
            write(index, .debts(records, isMakingWay: isMakingWay), deadline: TierLimits.requestDeadline)
        }
    }

    /// Puts a key aside. It stays owed, and is tried again after its own wait or at the next contact.
    func putAside(
        _ key: Key, _ cause: PutAside<Key>.Cause, _ reason: String, _ index: Int, waitMin: Duration = .zero
    ) {
        tiers[index].aside.putAside(key, cause, reason: reason, waitMin: waitMin, at: time.instant())
        if cause == .locked { tiers[index].lockedInARow.insert(key) }
    }

    /// Queues `keys`, which were put aside, to be tried again now.
    func returnAside(_ index: Int, _ keys: [Key]) {
        guard !keys.isEmpty else { return }
        let name = tiers[index].name
        for key in keys {
            tiers[index].clashes[key] = nil
            if !memory.withLock({ $0.book.owed(key).contains(TierSet(name)) }) { tiers[index].aside.paid(key) }
        }
        memory.withLock { $0.book.returned(keys, to: name) }
        tiers[index].debtsDueAt = time.instant()
    }

    // MARK: Clashes

    /// Asks the tier for its record that stands in the way of `record`.
    func askForRival(_ index: Int, of record: Record) {
        tiers[index].clashes[record.key, default: 0] += 1
        guard (tiers[index].clashes[record.key] ?? 0) <= TierLimits.clashesMax else {
            return putAside(record.key, .refused, tiers[index].lastError ?? "a clash that recurs", index)
        }
        let number = ask(index, .rival(of: record), deadline: TierLimits.requestDeadline)
        tiers[index].port.findRival(of: record, link: tiers[index].link.number, request: number)
    }

    func found(_ index: Int, _ rival: Record?, of record: Record) {
        let name = tiers[index].name
        // A tier that is still being read may have a newer revision of `rival` or of `record`.
        if rival != nil, isAnyoneReading { return settleClashLater(index, record.key) }
        if let rival {
            let known: Record?
            do { known = try stored(rival.key) } catch { return settleClashLater(index, record.key) }
            if let known, known.revision > rival.revision {
                // The rival was renamed here since. Send both records in one write.
                let now = time.wall()
                memory.withLock { memory in
                    memory.book.owes(known.key, known.revision, to: TierSet(name), since: now)
                    memory.book.sent(known.key, to: name)
                }
                write(index, .debts([known, record], isMakingWay: true), deadline: TierLimits.requestDeadline)
                noteBookkeeping()
                return
            }
            counters["clashes", default: 0] += 1
            guard merge([.init(rival, isStamped: false)], from: index, mayRename: true) else {
                return settleClashLater(index, record.key)
            }
        }
        memory.withLock { $0.book.returned([record.key], to: name) }
        tiers[index].debtsDueAt = time.instant()
    }

    /// The clash cannot be resolved now. This does not count as an attempt, since it says nothing about the clash.
    private func settleClashLater(_ index: Int, _ key: Key) {
        tiers[index].clashes[key, default: 1] -= 1
        memory.withLock { $0.book.returned([key], to: tiers[index].name) }
        tiers[index].debtsDueAt = time.instant() + TierLimits.retryDelay
    }
}
