import Contracts

/// The notes on the disk beside the records: the debts of remote tiers, and how far each tier is known.
extension StoreCore {
    // MARK: Transactions

    /// Begins a transaction that will contain notes.
    func begin(_ table: Table) throws(SQLiteError) {
        doubtNotes()
        try table.begin()
    }

    /// Puts a note of a debt into the open transaction.
    func note(_ debt: Debt<Key>, _ table: Table) throws(SQLiteError) {
        notesUnderWay.append(debt)
        if !plantedBug(.debtsNotWrittenDown) { try table.write(debt) }
    }

    func noteDebts(of key: Key, _ table: Table) throws(SQLiteError) {
        guard let debt = memory.withLock({ $0.book.writtenDebt(key) }) else { return }
        try note(debt, table)
    }

    /// Writes some of the book and the progress of the tiers into the open transaction. If a record's debt is left to
    /// the seeding walk, the note that the walk is due must be committed no later than the record.
    ///
    /// - Parameters:
    ///   - excluded: keys whose written notes are newer than the book.
    ///   - limit: the most keys to write; fewer when a call waits for the commit.
    func writeDownSome(
        besides excluded: Set<Key> = [], limit: Int = TierLimits.bookkeepingMax, _ table: Table
    ) throws(SQLiteError) {
        guard !tiers.isEmpty else { return }
        let keys = memory.withLock { memory in
            Array(memory.book.unwritten.lazy.filter { !excluded.contains($0) }.prefix(limit))
        }
        for key in keys {
            let debt = memory.withLock { $0.book.writtenDebt(key) }
            try note(debt ?? Debt(key: key, revision: .none, tiers: [], since: time.wall()), table)
        }
        try writeProgress(table)
    }

    private func writeProgress(_ table: Table) throws(SQLiteError) {
        tiersUnderWay = tiers.indices.filter { !tiers[$0].knowledge.isNoted }
        for index in tiersUnderWay { try table.write(tiers[index].knowledge.progress, of: tiers[index].name) }
    }

    /// The transaction was committed, with its notes.
    func wrote() {
        let isDone = memory.withLock { memory in
            memory.book.written(notesUnderWay)
            return memory.book.unwritten.isEmpty
        }
        notesUnderWay = []
        for index in tiersUnderWay { tiers[index].knowledge.noted() }
        tiersUnderWay = []
        if isDone, debtsToStrike.isEmpty { bookkeepingAt = nil } else { noteBookkeeping() }
    }

    /// A transaction was not committed, or may not have been: the disk may have its notes, or the earlier ones.
    func doubtNotes() {
        tiersUnderWay = []
        guard !notesUnderWay.isEmpty else { return }
        let keys = notesUnderWay.map { $0.key }
        notesUnderWay = []
        memory.withLock { $0.book.doubted(keys) }
    }

    // MARK: Delayed writes

    /// Schedules the writing of notes, if there are any to write.
    func noteBookkeeping() {
        guard bookkeepingAt == nil else { return }
        guard
            memory.withLock({ !$0.book.unwritten.isEmpty }) || !debtsToStrike.isEmpty
                || tiers.contains(where: { !$0.knowledge.isNoted })
        else { return }
        bookkeepingAt = time.instant() + TierLimits.bookkeepingDelay
    }

    /// Writes down some of the book, and continues in the next pass, so that no operation waits for all of it.
    func writeBookDown() {
        bookkeepingAt = nil
        guard isDiskUp else { return noteBookkeeping() }
        var struck: TierSet = []
        let isDone = attempt { table throws(SQLiteError) in
            try begin(table)
            try writeDownSome(table)
            if try strikeSome(table) { struck = debtsToStrike }
            try table.commit()
        }
        guard isDone else { return noteBookkeeping() }
        debtsToStrike.subtract(struck)
        wrote()
        // This includes the notes that this transaction itself wrote for them.
        memory.withLock { $0.book.struck(struck) }
        if memory.withLock({ !$0.book.unwritten.isEmpty }) || !debtsToStrike.isEmpty { bookkeepingAt = time.instant() }
    }

    /// Writes down the whole book, when the store closes.
    func writeWholeBookDown() {
        repeat {
            let left = memory.withLock { $0.book.unwritten.count }
            writeBookDown()
            guard isDiskUp, memory.withLock({ $0.book.unwritten.count }) < left else { return }
        } while memory.withLock { !$0.book.unwritten.isEmpty }
    }

    // MARK: A tier is owed everything

    /// Records that all rows are owed to the tier. No single debt is written down for it until a walk through all rows
    /// has begun.
    func owesAll(_ index: Int) {
        if !plantedBug(.crowdedDebtsForgotten) { tiers[index].knowledge.owedAll() }
        forsakeDebts(of: tiers[index].name)
        if let table { countRowsToSeed(index, table) }
        holdersChanged()
        noteBookkeeping()
    }

    /// Removes the tier's debts from the book. The disk must have recorded that before, or must record it in the same
    /// transaction.
    func forsakeDebts(of name: TierName) {
        memory.withLock { $0.book.forsake(name) }
        debtsToStrike.formUnion(TierSet(name))
        noteBookkeeping()
    }

    /// Deletes some notes from the disk that name tiers whose debts were forsaken. Such notes do no harm, but a walk
    /// through all rows does not begin while there are any, because it writes such notes itself.
    /// - Returns: whether none is left.
    private func strikeSome(_ table: Table) throws(SQLiteError) -> Bool {
        guard !debtsToStrike.isEmpty else { return false }
        return try table.strikeDebts(of: debtsToStrike, limit: policy.pageRecords)
    }

    /// Records that the walk that owes the tier everything came to `end` (nil: the last row) with `keys`. Both are
    /// written down together, and nothing else. If the process ends, the walk repeats the page or continues behind it.
    /// - Returns: false when it is not certain that this was written.
    func noteSeeded(_ index: Int, _ keys: [Key], upTo end: String?) -> Bool {
        let before = tiers[index].knowledge.seeding
        tiers[index].knowledge.seeded(upTo: end)
        let isDone = attempt { table throws(SQLiteError) in
            try begin(table)
            for key in keys { try noteDebts(of: key, table) }
            // A note may stop naming a tier whose debts were forsaken only after the disk knows why.
            try writeProgress(table)
            try table.commit()
        }
        if isDone { wrote() } else { tiers[index].knowledge.seedingFailed(after: before) }
        return isDone
    }

    /// Counts the rows that the walk still has to visit, for the health.
    func countRowsToSeed(_ index: Int, _ table: Table) {
        guard !tiers[index].knowledge.isSeeded else {
            tiers[index].rowsToSeed = 0
            return
        }
        do { tiers[index].rowsToSeed = try table.count() } catch { lastError = error.description }
    }
}
