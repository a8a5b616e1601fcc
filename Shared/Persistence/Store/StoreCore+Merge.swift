import Contracts

/// Merges rows of a tier: imports what is newer there, and finds what the tier lacks.
extension StoreCore {
    /// Imports newer rows of a tier, and owes it what is newer here.
    ///
    /// - Parameters:
    ///   - index: nil for rows of several tiers.
    ///   - rule: the treatment of tombstones for records that are live here.
    /// - Returns: false when that cannot be done now; then nothing was changed.
    func merge(
        _ rows: [TierPage<Record>.Row], from index: Int?, mayRename: Bool,
        removals rule: ToldRemovals<Record>.Rule = .collect
    ) -> Bool {
        guard !rows.isEmpty else { return true }
        let merge = Merge(rule)
        let all = TierSet(tiers.map { $0.name })
        let source = index.map { TierSet(tiers[$0].name) }
        var failure: RPCError?
        perform([
            StoreOperation(
                isLive: false,
                decide: { transaction in
                    merge.reset()
                    do throws(RPCError) {
                        if mayRename { try merge.findLeaving(rows, &transaction) }
                        for row in rows {
                            try merge.decide(
                                row, &transaction, others: all.subtracting(source ?? []), all: all,
                                mayRename: mayRename)
                        }
                        return true
                    } catch {
                        failure = error
                        return false
                    }
                }, done: { _ in }, failed: { failure = $0 })
        ])
        guard failure == nil else { return false }
        counters["rows.adopted", default: 0] += Int64(merge.adopted)
        merge.deferred.forEach(deferLater)
        if let index, !merge.removals.isEmpty {
            tiers[index].removals.told(merge.removals)
            holdersChanged()
        }
        let now = time.wall()
        let debtors = (source ?? all).intersection(debtors)
        memory.withLock { memory in
            for (key, revision) in merge.missing where !debtors.isEmpty {
                memory.book.owes(key, revision, to: debtors, since: now)
            }
            guard let source else { return }
            for (key, revision) in merge.present {
                for name in source.names { memory.book.paid(key, revision, to: name) }
            }
        }
        backlogGrew()
        noteBookkeeping()
        return true
    }

    /// The results of one merge. A class, so that the operation's closures share it.
    private final class Merge {
        var adopted = 0
        var deferred: [Record] = []
        /// The tier lacks these.
        var missing: [(Key, Revision)] = []
        /// The tier has these.
        var present: [(Key, Revision)] = []
        /// Tombstones of records that are live here, which were not applied.
        var removals: [Record] = []
        private let rule: ToldRemovals<Record>.Rule
        /// Keys whose records here make way for the incoming ones.
        private var leaving: Set<Key> = []

        init(_ rule: ToldRemovals<Record>.Rule) { self.rule = rule }

        func reset() {
            adopted = 0
            removals = []
            deferred = []
            missing = []
            present = []
            leaving = []
        }

        func findLeaving(
            _ rows: [TierPage<Record>.Row], _ transaction: inout StoreTransaction<Table>
        ) throws(RPCError) {
            for row in rows {
                if let known = try transaction.get(row.record.key), row.isDated, known.revision < row.record.revision {
                    leaving.insert(row.record.key)
                }
            }
        }

        func decide(
            _ row: TierPage<Record>.Row, _ transaction: inout StoreTransaction<Table>, others: TierSet, all: TierSet,
            mayRename: Bool
        ) throws(RPCError) {
            let record = row.record
            // Its absence here is no evidence that it was deleted here: the disk may have lost it. A tombstone would be
            // evidence.
            guard let known = try transaction.get(record.key) else {
                if plantedBug(.buriesWhatWasNeverRead) {
                    let monthAgo = transaction.now.advanced(by: .zero - TierLimits.debtsKeptFor)
                    if record.revision < Revision(at: monthAgo) { return }
                }
                return try adopt(row, &transaction, others: others, all: all, mayRename: mayRename)
            }
            // A row without a time may be older than every known revision, so it does not count as newer.
            let isNewer = (row.isDated && known.revision < record.revision) || plantedBug(.staleTierPreferred)
            if isNewer, record.isTombstone, known.isLive(at: transaction.now) {
                switch rule {
                case .take(let limit) where record.revision <= limit: break
                case .putBack(let limit) where record.revision <= limit:
                    return transaction.put(known.at(transaction.nextRevision(after: record.revision)))
                case .leave: return
                case .collect, .take, .putBack:
                    // The tier has the newer revision, so it lacks nothing.
                    present.append((record.key, known.revision))
                    return removals.append(record)
                }
            }
            if isNewer {
                try adopt(row, &transaction, others: others, all: all, mayRename: mayRename)
            } else if known.revision == record.revision, row.isStamped, !known.isSettled(with: record) {
                try settle(record, known, &transaction, all: all, mayRename: mayRename)
            } else if known.revision == record.revision, row.isStamped {
                present.append((record.key, record.revision))
            } else {
                missing.append((record.key, known.revision))
            }
        }

        /// The tier has different content at the same revision: another program changed the row there and left the
        /// revision. That is a change like any other. If the disk lost rows, it is unknown which of the two was
        /// changed; then the higher of the revisions that they get wins.
        ///
        /// Of a removal and a live record, the live one stays, wherever it is: a removal must be newer than what it
        /// removes. The two meet at one revision when another program deletes a row in the millisecond of a person's
        /// change.
        private func settle(
            _ record: Record, _ known: Record, _ transaction: inout StoreTransaction<Table>, all: TierSet,
            mayRename: Bool
        ) throws(RPCError) {
            let (theirs, ours) = (record.asChange, known.asChange)
            let isOursKept =
                record.isTombstone == known.isTombstone
                ? transaction.store.lacksRows && ours.revision > theirs.revision : record.isTombstone
            if isOursKept { return transaction.put(ours) }
            let change = TierPage<Record>.Row(theirs, isStamped: false)
            try adopt(change, &transaction, others: all, all: all, mayRename: mayRename)
        }

        private func adopt(
            _ row: TierPage<Record>.Row, _ transaction: inout StoreTransaction<Table>, others: TierSet, all: TierSet,
            mayRename: Bool
        ) throws(RPCError) {
            leaving.remove(row.record.key)
            if try Table.adopt(
                row.record, owedTo: row.isStamped ? others : all, mayRename: mayRename, leaving: leaving,
                in: &transaction)
            {
                adopted += 1
            } else {
                deferred.append(row.record)
            }
        }
    }
}
