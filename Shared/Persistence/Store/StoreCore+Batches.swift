import Contracts
import KillPoints

/// Decides operations, commits them, and responds.
extension StoreCore {
    struct Decided {
        let operation: StoreOperation<Table>
        let subject: Key?
        let changes: [StoreTransaction<Table>.Change]
        var records: [Record] { changes.map { $0.record } }
    }

    /// Does one batch: as many of `operations`, from the first on, as can be decided before it is known where the
    /// earlier changes are stored. Returns the others.
    func turn(_ operations: [StoreOperation<Table>]) -> [StoreOperation<Table>] {
        var decided: [Decided] = []
        var next = operations.startIndex
        var hasStaged = false
        isWriting = false
        // The operation that is being decided a second time, because of rows that another program wrote.
        var decidedAgain: Int?
        while next < operations.endIndex {
            let operation = operations[next]
            var transaction = StoreTransaction(now: readWallClock(), store: self, isLive: operation.isLive)
            let isGood = operation.decide(&transaction)
            // A read found the disk unavailable, and the earlier changes were lost with its transaction. They go into
            // memory first.
            if hasStaged, !isWriting { break }
            next += 1
            guard isGood, !transaction.changes.isEmpty else {
                decided.append(Decided(operation: operation, subject: transaction.subject, changes: []))
                continue
            }
            if !isWriting, table != nil, !breaker.isOpen {
                isWriting = attempt { table throws(SQLiteError) in try begin(table) }
            }
            if isWriting {
                switch write(transaction.changes) {
                case .written: break
                case .refused(let error):
                    if decidedAgain != next, mayDecideAgain(error, transaction.changes.map { $0.record }) {
                        decidedAgain = next
                        next -= 1
                        continue
                    }
                    operation.failed(RPCError(.internalError, error.description))
                    continue
                case .tierTrouble: isWriting = false
                }
            }
            // Later operations of this batch must see this change.
            memory.withLock { memory in transaction.changed.forEach { memory.stage($0) } }
            hasStaged = true
            decided.append(
                Decided(operation: operation, subject: transaction.subject, changes: transaction.changes))
            // Without the disk, memory may have no room for the change. No other operation is decided before that is
            // known.
            if !isWriting { break }
        }
        return settle(decided) + operations[next...]
    }

    /// Commits, or stores in memory, and responds; sends live changes to the first healthy tier at the same time.
    /// Returns the operations that must be decided again, because they were decided over a change that was not stored.
    private func settle(_ decided: [Decided]) -> [StoreOperation<Table>] {
        var isWritten = isWriting
        isWriting = false
        let records = decided.flatMap { $0.records }
        let target = records.isEmpty ? nil : liveTier
        // A sent record must be stored here even if the commit fails. Without room in memory, the commit comes first.
        let isSentFirst = target != nil && memory.withLock { $0.canHold(records) }
        var tickets: [Int?] = []
        if isSentFirst {
            tickets = decided.map { item in
                owe(item.changes)
                return send(item, to: target)
            }
            if let target { pumpLive(target) }
        }
        let wasCommitted = isWritten
        let isAnswered = isWritten && plantedBug(.acknowledgedBeforeCommit)
        if isAnswered { decided.forEach { $0.operation.done(Placement([.sqlite])) } }
        if isWritten {
            killPoint("store.before-commit")
            let start = time.instant()
            isWritten = attempt { table throws(SQLiteError) in
                // The debts of these are written with them. The book lacks them so far if they were not sent first.
                let written = tiers.isEmpty ? [] : Set(records.map { $0.key })
                try writeDownSome(besides: written, limit: TierLimits.bookkeepingBesideLiveMax, table)
                try table.commit()
            }
            lastCommit = time.instant() - start
            killPoint("store.after-commit")
            if isWritten { wrote() }
        }
        for (index, item) in decided.enumerated() {
            let records = item.records
            let fits = memory.withLock { memory in
                memory.unstage(records)
                guard isWritten else { return memory.hold(records) }
                records.forEach { memory.cache($0) }
                return true
            }
            guard fits else {
                // A failed commit may be in effect: then tiers lack rows of the disk. Without a commit nothing is owed.
                if wasCommitted { for item in decided[index...] { owe(item.changes) } }
                item.operation.failed(
                    RPCError(.unavailable, "the local database is away and the memory tier is full; try again"))
                let later = decided[(index + 1)...]
                memory.withLock { memory in later.forEach { memory.unstage($0.records) } }
                return later.map { $0.operation }
            }
            if !isWritten { journal(records) }
            var ticket: Int?
            if isSentFirst {
                ticket = tickets[index]
            } else {
                owe(item.changes)
                ticket = send(item, to: target)
            }
            if !isAnswered { answer(item, ticket, isWritten: isWritten) }
        }
        return []
    }

    private func answer(_ item: Decided, _ ticket: Int?, isWritten: Bool) {
        if let ticket, policy.durability == .remote || !isWritten {
            waiters[ticket] = Waiter(
                operation: item.operation, subject: item.subject,
                revision: item.records.last { $0.key == item.subject }?.revision, left: item.changes.count)
            waiting.append((ticket, time.instant() + policy.remoteDeadline))
        } else {
            item.operation.done(item.subject.map(placement) ?? Placement([.sqlite]))
        }
    }

    private enum WriteOutcome { case written, refused(SQLiteError), tierTrouble }

    /// Puts one operation's changes and their debts into the open transaction, all or none.
    private func write(_ changes: [StoreTransaction<Table>.Change]) -> WriteOutcome {
        guard let table else { return .tierTrouble }
        let notesBefore = notesUnderWay.count
        do {
            if changes.count > 1 { try table.savepoint() }
            let debts = debts(of: changes)
            if changes.count > 1 { try table.makeWay(for: changes.map { $0.record }) }
            for change in changes { try table.put(change.record) }
            for debt in debts {
                if let note = memory.withLock({ $0.book.note(of: debt) }) { try self.note(note, table) }
            }
            return .written
        } catch {
            lastError = error.description
            if error.isTierTrouble {
                table.rollback()
                failed(error)
                return .tierTrouble
            }
            if changes.count > 1 { try? table.rollbackToSavepoint() }
            notesUnderWay.removeLast(notesUnderWay.count - notesBefore)
            return .refused(error)
        }
    }

    // MARK: Debts of a change

    /// The tiers whose debts are written down key by key.
    var debtors: TierSet {
        let isAnyDropped = plantedBug(.breakerDropsWrites)
        return TierSet(
            tiers.filter { $0.knowledge.takesDebts && !(isAnyDropped && $0.link.probeAt != nil) }.map { $0.name })
    }

    func debts(of changes: [StoreTransaction<Table>.Change]) -> [Debt<Key>] {
        guard !tiers.isEmpty else { return [] }
        let (debtors, now) = (debtors, time.wall())
        return memory.withLock { memory in
            changes.map { change in
                let known = memory.book.debt(change.record.key)
                let isKept = plantedBug(.tombstoneNotReplicated) && change.record.isTombstone
                let owed = (isKept ? [] : change.owedTo ?? debtors).intersection(debtors).union(known?.tiers ?? [])
                return Debt(
                    key: change.record.key, revision: change.record.revision, tiers: owed, since: known?.since ?? now)
            }
        }
    }

    func owe(_ changes: [StoreTransaction<Table>.Change]) {
        guard !tiers.isEmpty else { return }
        let debts = debts(of: changes)
        memory.withLock { memory in
            for debt in debts where !debt.tiers.isEmpty {
                memory.book.owes(debt.key, debt.revision, to: debt.tiers, since: debt.since)
            }
        }
        backlogGrew()
    }

    /// - Returns: a ticket if the tier will confirm or refuse the operation's changes.
    private func send(_ item: Decided, to tier: Int?) -> Int? {
        guard let tier, item.operation.isLive, !item.changes.isEmpty else { return nil }
        let records = item.records
        // A write that is known to block in the tier would delay all others.
        guard !records.contains(where: { tiers[tier].aside.isBlocked($0.key) }) else { return nil }
        guard
            memory.withLock({ memory in
                records.allSatisfy { memory.book.owed($0.key).contains(TierSet(tiers[tier].name)) }
            })
        else { return nil }
        ticketsIssued += 1
        enqueueLive(records, ticket: ticketsIssued, tier)
        return ticketsIssued
    }
}
