import Contracts
import DequeModule
import KillPoints

/// Opens and closes the local file, and handles its failure and recovery.
extension StoreCore {
    /// Opens the file, restores the records that an earlier process had in memory only, and begins with the remote
    /// tiers.
    ///
    /// - Throws: when the file must not be used. A failure that may pass is recorded instead, and the file is tried
    ///   again.
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

    /// Closes the store without waiting for any tier.
    ///
    /// - Parameter letGo: called once for each tier that is up, when the tier knows that this store is gone or cannot
    ///   be reached.
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

    /// Whether the disk is new, or was rebuilt from the readable part of a broken file, and no tier was read since.
    var lacksRows: Bool { tiers.contains { $0.knowledge.isAwaited } }

    /// Delays all decisions until the tiers have been read, if the tiers may have acknowledged records that this store
    /// lacks. There are two such cases. The disk is new or was rebuilt. Or memory and its journal were lost: while the
    /// disk takes no writes, this store has the newest records only in those two.
    func awaitTiersIfNeeded() {
        let isMemoryLost = journal.map { $0.isFirst } ?? true
        if !tiers.isEmpty, isMemoryLost || lacksRows {
            if lacksRows { lookAgainLater(isAll: true) }
            bootstrapUntil = time.instant() + (lacksRows ? TierLimits.bootstrapPatience : TierLimits.startPatience)
        } else {
            journal?.begin()
        }
    }

    /// - Returns: false when the book cannot be read. Then the table must not be used: its rows would pass for
    ///   everything there is.
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
            // Notes for a tier that will be filled completely, or that is no longer a tier, mean nothing.
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
                // The tier was found rolled back before the file was open. Its mark and visit may match the file
                // anyway, so start over.
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

    /// Retries after a failure: opens the file, and writes the records that are in memory only.
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
        } else {
            // The disk may be full of this log. What is moved into the file leaves its room to the next commits.
            _ = table?.moveLog()
        }
        writeHeld()
    }

    private func writeHeld() {
        flushHeld()
        // A record that the working table refuses has the nickname of another record. That one makes way.
        if refusals.isOpen, isDiskUp { takeIn(held.values.sorted { $0.revision < $1.revision }) }
    }

    /// Puts records that are not on the disk yet, even if other records there stand in their way.
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

    /// Reads the book of a file that could not be opened at the start.
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
                // One record that the table refuses must not keep the others from the disk.
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

    /// - Returns: whether `body` succeeded. If not, the disk counts as unavailable from now on.
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
        // A failure while the disk is unavailable does not delay the next attempt; otherwise that might never come.
        if breaker.probeAt.map({ $0 <= time.instant() }) ?? true { breaker.failed(at: time.instant()) }
        // The next flush that the breaker allows includes the refused records too.
        refusals.succeeded()
        doubtNotes()
        for index in tiers.indices { leaveUnnotedVisit(index) }
    }

    // MARK: The spill file of the records in memory only

    func journal(_ records: [Record]) {
        guard let journal, !records.isEmpty else { return }
        do { try journal.append(records) } catch { lastError = "\(error)" }
        if journal.isLong { rewriteJournal() }
    }

    private func clearJournal() {
        guard let journal, !journal.isEmpty else { return }
        rewriteJournal()
    }

    /// Leaves only the records that are in memory only. So it must wait until the records of the start were restored
    /// from the spill file.
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
            // When the disk cannot be read, the spill file is the only source.
            if let known = try? newest(record.key), known.revision >= record.revision { continue }
            restored.append(record)
        }
        isJournalRestored = true
        guard !restored.isEmpty else { return clearJournal() }
        for record in restored {
            // The record is kept even above the memory limit. Otherwise it would be lost when the disk has the others
            // and the spill file is cleared.
            _ = memory.withLock { $0.hold([record], isOwed: true) }
            owe([StoreTransaction<Table>.Change(record: record, owedTo: nil)])
        }
        flushHeld()
    }
}
