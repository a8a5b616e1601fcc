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
        if table != nil { awaitTiersIfNeeded() }
        pumpAll()
    }

    /// Waits for no tier.
    package func close() {
        for ticket in waiting.map(\.ticket) { answerWaiter(ticket) }
        waiting = []
        flushHeld()
        writeBookDown()
        table?.checkpoint()
        table = nil
        for tier in tiers { tier.port.disconnect(link: tier.link.number) }
    }

    package var hasOpenedDisk: Bool { table != nil }
    package var isDiskUp: Bool { table != nil && !breaker.isOpen }

    /// Whether the disk is a new one, or was made of what could be read of a broken one, and no tier was read since.
    var lacksRows: Bool { tiers.contains { $0.progress.pulledTo == .none } }

    /// Nothing is decided before the tiers were asked, if they may have what was acknowledged and this store has not: when
    /// the disk is a new one, or when memory was lost, with what it may have held beside a disk that took nothing.
    private func awaitTiersIfNeeded() {
        let isMemoryLost = journal.map { $0.isFirst } ?? true
        if !tiers.isEmpty, isMemoryLost || lacksRows {
            bootstrapUntil = time.instant() + (lacksRows ? TierLimits.bootstrapPatience : TierLimits.startPatience)
        } else {
            journal?.begin()
        }
    }

    /// - Returns: false when it cannot be read. Then the table is of no use: what it holds would pass for all there is.
    private func readBook(_ table: Table) -> Bool {
        do {
            let names = TierSet(tiers.map { $0.name })
            let debts = try table.debts()
            let progress = try table.progress()
            let isEmpty = try table.keys(after: nil, limit: 1).isEmpty
            let met = tiers.map { $0.progress }
            for index in tiers.indices {
                if let known = progress[tiers[index].name] {
                    tiers[index].progress = known
                } else {
                    // What an empty store will hold is written down from the first change on.
                    tiers[index].progress.seeding = isEmpty ? .done : .due
                    // Of what was acknowledged here, a tier that is new has nothing that a disk with rows lacks.
                    if !isEmpty { tiers[index].progress.pulledTo = TierLimits.everything }
                    tiers[index].isProgressWritten = false
                }
                countRowsToSeed(index)
            }
            let gone = progress.filter { !names.contains(TierSet($0.key)) && $0.value.seeding != .due }
            try noteGone(gone.map { ($0.key, $0.value) }, table)
            memory.withLock { $0.book = DebtBook(debts, tiers: names) }
            for index in tiers.indices {
                guard let mark = met[index].mark else { continue }
                meet(index, TierContact(mark: mark, visit: met[index].visit))
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
                do throws(SQLiteError) { try fill(opened, with: memory.withLock { $0.copies }) } catch {
                    return failed(error)
                }
                guard readBookLate(opened) else { return }
                table = opened
                for index in tiers.indices { tiers[index].wantsPull = true }
                awaitTiersIfNeeded()
            } catch {
                failed(error.description, isCorruption: error.isCorruption)
                return
            }
        }
        flushHeld()
        // What the table refuses although it is up has the name of another record, which makes way.
        if refusals.isOpen, isDiskUp { takeIn(held.values.sorted { $0.revision < $1.revision }) }
    }

    /// Puts records that are known here and are not on the disk, whatever stands in their way there.
    private func takeIn(_ records: [Record]) {
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
        owe(held.values.map { StoreTransaction<Table>.Change(record: $0, owedTo: nil) }, isWritten: false)
        return true
    }

    func flushHeld() {
        let records = held.values.sorted { $0.revision < $1.revision }
        guard let table else { return }
        var (written, refusal) = (records, SQLiteError?.none)
        var bookkeeping: (keys: [Key], tiers: [Int])
        do throws(SQLiteError) {
            do throws(SQLiteError) { bookkeeping = try writeAll(records, table) } catch {
                guard !error.isTierTrouble else { throw error }
                // One record that the table does not take must not keep the others from the disk.
                table.rollback()
                refusal = error
                (written, bookkeeping) = try writeEach(records, table)
            }
        } catch {
            table.rollback()
            failed(error)
            return
        }
        wrote(bookkeeping)
        memory.withLock { memory in written.forEach { memory.cache($0) } }
        breaker.succeeded()
        if refusal == nil { refusals.succeeded() } else { refusals.failed(at: time.instant()) }
        lastError = refusal?.description
        if held.isEmpty { clearJournal() }
    }

    private func writeAll(
        _ records: [Record], _ table: Table
    ) throws(SQLiteError) -> (keys: [Key], tiers: [Int]) {
        try table.begin()
        try table.makeWay(for: records)
        for record in records {
            try table.put(record)
            try writeDebt(of: record.key, table)
        }
        let bookkeeping = try writeDownSome()
        try table.commit()
        return bookkeeping
    }

    private func writeDebt(of key: Key, _ table: Table) throws(SQLiteError) {
        guard let debt = memory.withLock({ $0.book.debt(key) }), !plantedBug(.debtsNotWrittenDown) else { return }
        try table.write(debt)
    }

    /// Returns the records that the table took.
    private func writeEach(
        _ records: [Record], _ table: Table
    ) throws(SQLiteError) -> (records: [Record], bookkeeping: (keys: [Key], tiers: [Int])) {
        var taken: [Record] = []
        try table.begin()
        for record in records {
            do throws(SQLiteError) {
                try table.put(record)
                taken.append(record)
                try writeDebt(of: record.key, table)
            } catch {
                guard !error.isTierTrouble else { throw error }
            }
        }
        let bookkeeping = try writeDownSome()
        try table.commit()
        return (taken, bookkeeping)
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
    }

    // MARK: A broken file

    /// Moves the file aside, and makes a new one of what can still be read of it and of what memory has. What is
    /// missing then comes from the remote tiers, and nothing is decided before.
    private func replaceBrokenFile() throws(SQLiteError) {
        table = nil
        try Table.setAside(path, at: time.wall())
        // From here on the file at the path is a new one, be it not filled yet.
        isBroken = false
        let fresh: Table
        do { fresh = try Table(path: path) } catch {
            if case .open(let cause) = error { throw cause }
            if case .migration(.failed(_, let cause)) = error { throw cause }
            throw SQLiteError(code: 14, message: error.description, operation: "open \(path)")
        }
        for index in tiers.indices {
            // What was met on the connection stays known: another database in its place must not pass for this one.
            let met = tiers[index].progress
            tiers[index].progress = TierProgress()
            tiers[index].progress.mark = met.mark
            (tiers[index].progress.visit, tiers[index].progress.nextVisit) = (met.visit, met.nextVisit)
            tiers[index].progress.seeding = .due
            tiers[index].isProgressWritten = false
            tiers[index].wantsPull = true
            tiers[index].pull = nil
        }
        holdersChanged()
        // Before the first row, so that an end in the middle does not make it pass for a file that lacks nothing.
        try fresh.begin()
        for tier in tiers { try fresh.write(tier.progress, of: tier.name) }
        try fresh.commit()
        let refused = try fill(fresh, with: memory.withLock { $0.copies })
        table = fresh
        // What passes for a copy must be on the disk.
        memory.withLock { $0.forgetCopies() }
        counters["disk.replaced", default: 0] += 1
        memory.withLock { $0.book.unwriteAll() }
        for index in tiers.indices { countRowsToSeed(index) }
        takeIn(refused)
        awaitTiersIfNeeded()
    }

    /// Puts into `table` what can be read of broken files that were set aside before it, and `copies`. Done again from the
    /// beginning when it fails, or the process ends in the middle.
    /// - Returns: the records that the table does not take beside the others.
    @discardableResult
    private func fill(_ table: Table, with copies: [Record]) throws(SQLiteError) -> [Record] {
        let files = try Table.unsalvaged(path)
        guard !files.isEmpty else { return [] }
        var refused: [Record] = []
        for file in files {
            try Table.salvage(file) { records throws(SQLiteError) in
                progressed(.salvaging)
                refused += try putAll(records, table)
                counters["disk.salvaged", default: 0] += Int64(records.count)
            }
        }
        refused += try putAll(copies, table)
        for file in files { try Table.salvaged(file) }
        return refused
    }

    /// Puts those that the table takes, in a transaction.
    /// - Returns: the others.
    private func putAll(_ records: [Record], _ table: Table) throws(SQLiteError) -> [Record] {
        var refused: [Record] = []
        do throws(SQLiteError) {
            try table.begin()
            try table.makeWay(for: records)
            for record in records {
                do throws(SQLiteError) { try table.put(record) } catch {
                    if error.isTierTrouble { throw error }
                    refused.append(record)
                }
            }
            try table.commit()
            return refused
        } catch {
            table.rollback()
            throw error
        }
    }

    // MARK: The journal of what only memory holds

    func journal(_ records: [Record]) {
        guard let journal, !records.isEmpty else { return }
        do { try journal.append(records) } catch { lastError = "\(error)" }
        if journal.isLong { try? journal.replace(with: Array(held.values)) }
    }

    private func clearJournal() {
        guard let journal, !journal.isEmpty else { return }
        do { try journal.replace(with: []) } catch { lastError = "\(error)" }
    }

    private func restoreJournal() {
        guard let journal else { return }
        var restored: [Record] = []
        for record in journal.restored {
            progressed(.replaying)
            // When the disk cannot be read, the journal is all there is.
            if let known = try? newest(record.key), known.revision >= record.revision { continue }
            restored.append(record)
        }
        guard !restored.isEmpty else { return clearJournal() }
        for record in restored {
            // Left out for want of room, it would go with the journal when the disk has the others.
            _ = memory.withLock { $0.hold([record], isOwed: true) }
            owe([StoreTransaction<Table>.Change(record: record, owedTo: nil)], isWritten: false)
        }
        flushHeld()
    }

    // MARK: Bookkeeping

    /// What the book and the tiers' progress say, into the open transaction: a record whose debt is not written down,
    /// because a walk will owe it, must not be committed before it is that the walk is due.
    /// - Returns: the keys and tiers that were written.
    func writeDownSome() throws(SQLiteError) -> (keys: [Key], tiers: [Int]) {
        guard let table, !tiers.isEmpty else { return ([], []) }
        let keys = memory.withLock { Array($0.book.unwritten.prefix(TierLimits.bookkeepingMax)) }
        let unwritten = tiers.indices.filter { !tiers[$0].isProgressWritten }
        for key in keys where !plantedBug(.debtsNotWrittenDown) {
            let debt = memory.withLock { $0.book.debt(key) }
            try table.write(debt ?? Debt(key: key, revision: .none, tiers: [], since: Timestamp(milliseconds: 0)))
        }
        for index in unwritten { try table.write(tiers[index].progress, of: tiers[index].name) }
        return (keys, unwritten)
    }

    func wrote(_ written: (keys: [Key], tiers: [Int])) {
        memory.withLock { $0.book.written(written.keys) }
        for index in written.tiers { tiers[index].isProgressWritten = true }
        let isDone = memory.withLock { $0.book.unwritten.isEmpty }
        bookkeepingAt = isDone ? nil : bookkeepingAt
    }

    /// There is something to write down, in a while.
    func noteBookkeeping() {
        guard bookkeepingAt == nil else { return }
        guard memory.withLock({ !$0.book.unwritten.isEmpty }) || tiers.contains(where: { !$0.isProgressWritten }) else {
            return
        }
        bookkeepingAt = time.instant() + TierLimits.bookkeepingDelay
    }

    func writeBookDown() {
        bookkeepingAt = nil
        guard isDiskUp else { return noteBookkeeping() }
        repeat {
            var written: (keys: [Key], tiers: [Int]) = ([], [])
            let isDone = attempt { table throws(SQLiteError) in
                try table.begin()
                written = try writeDownSome()
                try table.commit()
            }
            guard isDone else { break }
            wrote(written)
            if written.keys.isEmpty { break }
        } while memory.withLock { !$0.book.unwritten.isEmpty }
        noteBookkeeping()
    }
}
