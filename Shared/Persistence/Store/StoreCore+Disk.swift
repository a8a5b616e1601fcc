import Contracts
import DequeModule
import KillPoints

/// The life of the file, its troubles, and their end.
extension StoreCore {
    /// Opens the file, takes in what an earlier process left in memory alone, and begins with the remote tiers.
    ///
    /// - Throws: when the file must not be used; trouble that may pass is remembered instead, and tried again.
    package func open() throws(LocalTableError) {
        do {
            let opened = try Table(path: path, progressed: { [progressed] in progressed(.opening) })
            do throws(SQLiteError) {
                try opened.keepTime(by: time.wall)
                try fill(opened, with: [])
                if readBook(opened) { table = opened }
            } catch { failed(error) }
        } catch {
            guard error.isTierTrouble else { throw error }
            failed(error.description, isCorruption: error.isCorruption)
            if isBroken { retryDisk() }
        }
        restoreJournal()
        for index in tiers.indices {
            tiers[index].wantsPull = true
            tiers[index].touchDueAt = time.instant()
        }
        lookAgainLater(isAll: false)
        if table != nil { awaitTiersIfNeeded() }
        if isDiskUp, !held.isEmpty { writeHeld() }
        pumpAll()
    }

    /// Waits for no tier.
    ///
    /// - Parameter letGo: called once for each tier that is up, when it knows that this store is gone, or cannot be told.
    package func close(letGo: @escaping @Sendable () -> Void = {}) {
        for ticket in waiting.map(\.ticket) { answerWaiter(ticket) }
        waiting = []
        flushHeld()
        writeWholeBookDown()
        table?.checkpoint()
        table = nil
        for tier in tiers {
            tier.port.letGo(link: tier.link.number, done: letGo)
            tier.port.disconnect(link: tier.link.number)
        }
    }

    package var hasOpenedDisk: Bool { table != nil }
    package var isDiskUp: Bool { table != nil && !breaker.isOpen }

    /// Whether the disk is a new one, or was made of what could be read of a broken one, and no tier was read since.
    var lacksRows: Bool { tiers.contains { $0.knowledge.isAwaited } }

    /// Nothing is decided before the tiers were asked, if they may have what was acknowledged and this store has not: when
    /// the disk is a new one, or when memory was lost, with what it may have held beside a disk that took nothing.
    func awaitTiersIfNeeded() {
        let isMemoryLost = journal.map { $0.isFirst } ?? true
        if !tiers.isEmpty, isMemoryLost || lacksRows {
            if lacksRows { lookAgainLater(isAll: true) }
            bootstrapUntil = time.instant() + (lacksRows ? TierLimits.bootstrapPatience : TierLimits.startPatience)
        } else {
            journal?.begin()
        }
    }

    /// - Returns: false when it cannot be read. Then the table is of no use: what it holds would pass for all there is.
    private func readBook(_ table: Table) -> Bool {
        do {
            let names = TierSet(tiers.map { $0.name })
            let progress = try table.progress()
            let isEmpty = try table.keys(after: nil, limit: 1).isEmpty
            let met = tiers.map { $0.knowledge.progress }
            for index in tiers.indices {
                if let known = progress[tiers[index].name] {
                    tiers[index].knowledge.noteFound(known)
                } else {
                    tiers[index].knowledge.noNoteFound(isDiskEmpty: isEmpty)
                }
                countRowsToSeed(index, table)
            }
            let gone = progress.filter { !names.contains(TierSet($0.key)) && $0.value.seeding != .due }
            try noteGone(gone.map { ($0.key, $0.value) }, table)
            // What is written down for a tier that is to be filled, or is none, says nothing.
            let counts = try table.debtCounts(upTo: policy.debtsMax + 1)
            for index in tiers.indices where counts[tiers[index].name] ?? 0 > policy.debtsMax {
                owesAll(index)
                countRowsToSeed(index, table)
            }
            let owed = TierSet(tiers.filter { $0.knowledge.takesDebts }.map { $0.name })
            debtsToStrike = TierSet(counts.filter { $0.value > 0 }.keys).subtracting(owed)
            let debts = try table.debts(of: owed)
            memory.withLock { $0.book = DebtBook(debts, tiers: owed) }
            for index in tiers.indices {
                guard let mark = met[index].mark else { continue }
                recognise(index, TierContact(mark: mark, visit: met[index].visit))
                // Met as it was some time ago: that may be as the file has it.
                if met[index].seeding == .due { startOver(index) }
            }
            holdersChanged()
            noteBookkeeping()
            return true
        } catch {
            failed(error)
            return false
        }
    }

    // MARK: Trouble, and its end

    /// Tries again what failed, when that is due: opens the file, and writes what only memory holds.
    func retryDisk() {
        if isBroken {
            do throws(SQLiteError) { try replaceBrokenFile() } catch {
                failed(error.description, isCorruption: true)
                return
            }
        } else if table == nil {
            do {
                let opened = try Table(path: path)
                do throws(SQLiteError) {
                    try opened.keepTime(by: time.wall)
                    try fill(opened, with: copies)
                } catch { return failed(error) }
                guard readBookLate(opened) else { return }
                table = opened
                for index in tiers.indices { tiers[index].wantsPull = true }
                awaitTiersIfNeeded()
            } catch {
                failed(error.description, isCorruption: error.isCorruption)
                return
            }
        }
        writeHeld()
    }

    private func writeHeld() {
        flushHeld()
        // What the table refuses although it is up has the name of another record, which makes way.
        if refusals.isOpen, isDiskUp { takeIn(held.values.sorted { $0.revision < $1.revision }) }
    }

    /// Puts records that are known here and are not on the disk, whatever stands in their way there.
    func takeIn(_ records: [Record]) {
        guard !records.isEmpty else { return }
        let all = TierSet(tiers.map { $0.name })
        perform(
            records.map { record in
                StoreOperation(
                    isLive: false,
                    decide: { transaction in
                        do throws(RPCError) {
                            let known = try transaction.get(record.key)
                            guard known.map({ $0.revision <= record.revision }) ?? true else { return true }
                            return try Table.adopt(record, owedTo: all, mayRename: true, leaving: [], in: &transaction)
                        } catch { return false }
                    }, done: { _ in }, failed: { _ in })
            })
    }

    /// The file could not be opened at the start, and now it is.
    private func readBookLate(_ table: Table) -> Bool {
        guard readBook(table) else { return false }
        owe(held.values.map { StoreTransaction<Table>.Change(record: $0, owedTo: nil) })
        return true
    }

    func flushHeld() {
        let records = held.values.sorted { $0.revision < $1.revision }
        guard let table else { return }
        var (written, refusal) = (records, SQLiteError?.none)
        do throws(SQLiteError) {
            do throws(SQLiteError) { try writeAll(records, table) } catch {
                guard !error.isTierTrouble else { throw error }
                // One record that the table does not take must not keep the others from the disk.
                table.rollback()
                refusal = error
                written = try writeEach(records, table)
            }
        } catch {
            table.rollback()
            failed(error)
            return
        }
        wrote()
        memory.withLock { memory in written.forEach { memory.cache($0) } }
        breaker.succeeded()
        if refusal == nil { refusals.succeeded() } else { refusals.failed(at: time.instant()) }
        lastError = refusal?.description
        if held.isEmpty { clearJournal() }
    }

    private func writeAll(_ records: [Record], _ table: Table) throws(SQLiteError) {
        try begin(table)
        try table.makeWay(for: records)
        for record in records {
            try table.put(record)
            try noteDebts(of: record.key, table)
        }
        try writeDownSome(table)
        try table.commit()
    }

    /// Returns the records that the table took.
    private func writeEach(_ records: [Record], _ table: Table) throws(SQLiteError) -> [Record] {
        var taken: [Record] = []
        try begin(table)
        for record in records {
            do throws(SQLiteError) {
                try table.put(record)
                taken.append(record)
                try noteDebts(of: record.key, table)
            } catch {
                guard !error.isTierTrouble else { throw error }
            }
        }
        try writeDownSome(table)
        try table.commit()
        return taken
    }

    /// - Returns: whether `body` was done. If not, the tier is away from now on.
    func attempt(_ body: (Table) throws(SQLiteError) -> Void) -> Bool {
        guard let table else { return false }
        do {
            try body(table)
            return true
        } catch {
            table.rollback()
            failed(error)
            return false
        }
    }

    func failed(_ error: SQLiteError) { failed(error.description, isCorruption: error.isCorruption) }

    private func failed(_ reason: String, isCorruption: Bool) {
        lastError = reason
        if isCorruption { isBroken = true }
        // What fails while the disk is away does not put off the next attempt: that would never come.
        if breaker.probeAt.map({ $0 <= time.instant() }) ?? true { breaker.failed(at: time.instant()) }
        // The next flush, which the breaker lets through, has the refused records too.
        refusals.succeeded()
        doubtNotes()
        for index in tiers.indices { leaveUnnotedVisit(index) }
    }

    // MARK: The journal of what only memory holds

    func journal(_ records: [Record]) {
        guard let journal, !records.isEmpty else { return }
        do { try journal.append(records) } catch { lastError = "\(error)" }
        if journal.isLong { rewriteJournal() }
    }

    private func clearJournal() {
        guard let journal, !journal.isEmpty else { return }
        rewriteJournal()
    }

    /// Just what is held is left in it: so not before what it had at the start is held.
    private func rewriteJournal() {
        guard let journal, isJournalRestored else { return }
        do { try journal.replace(with: Array(held.values)) } catch { lastError = "\(error)" }
    }

    private func restoreJournal() {
        guard let journal else { return }
        var restored: [Record] = []
        for record in journal.restored {
            progressed(.replaying)
            guard isBelieved(record) else {
                putInQuarantine([(record.key, record.journalValue.text)])
                continue
            }
            // When the disk cannot be read, the journal is all there is.
            if let known = try? newest(record.key), known.revision >= record.revision { continue }
            restored.append(record)
        }
        isJournalRestored = true
        guard !restored.isEmpty else { return clearJournal() }
        for record in restored {
            // Left out for want of room, it would go with the journal when the disk has the others.
            _ = memory.withLock { $0.hold([record], isOwed: true) }
            owe([StoreTransaction<Table>.Change(record: record, owedTo: nil)])
        }
        flushHeld()
    }
}
