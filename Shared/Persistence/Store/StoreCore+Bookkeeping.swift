import Contracts

/// What the disk has a note of, beside the records: what is owed to remote tiers, and how far they are known.
extension StoreCore {
    // MARK: Transactions

    /// Begins a transaction that has notes in it.
    func begin(_ table: Table) throws(SQLiteError) {
        doubtNotes()
        try table.begin()
    }

    /// Puts a note of what is owed into the open transaction.
    func note(_ debt: Debt<Key>, _ table: Table) throws(SQLiteError) {
        notesUnderWay.append(debt)
        if !plantedBug(.debtsNotWrittenDown) { try table.write(debt) }
    }

    func noteDebts(of key: Key, _ table: Table) throws(SQLiteError) {
        guard let debt = memory.withLock({ $0.book.writtenDebt(key) }) else { return }
        try note(debt, table)
    }

    /// What the book and the tiers' progress say, into the open transaction: a record whose debt is not written down,
    /// because a walk will owe it, must not be committed before it is that the walk is due.
    ///
    /// - Parameters:
    ///   - excluded: what is written of these is newer than the book.
    ///   - limit: how many keys; fewer where a call waits for the commit.
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

    /// A transaction was not committed, or may not have been: what it said may be on the disk, or what was there before.
    func doubtNotes() {
        tiersUnderWay = []
        guard !notesUnderWay.isEmpty else { return }
        let keys = notesUnderWay.map { $0.key }
        notesUnderWay = []
        memory.withLock { $0.book.doubted(keys) }
    }

    // MARK: In a while

    /// There is something to write down, in a while.
    func noteBookkeeping() {
        guard bookkeepingAt == nil else { return }
        guard
            memory.withLock({ !$0.book.unwritten.isEmpty }) || !debtsToStrike.isEmpty
                || tiers.contains(where: { !$0.knowledge.isNoted })
        else { return }
        bookkeepingAt = time.instant() + TierLimits.bookkeepingDelay
    }

    /// Writes down some of what the book says, and goes on with the next turn, so that no operation waits for all of it.
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
        // Also what this very transaction noted of them.
        memory.withLock { $0.book.struck(struck) }
        if memory.withLock({ !$0.book.unwritten.isEmpty }) || !debtsToStrike.isEmpty { bookkeepingAt = time.instant() }
    }

    /// At the end of use.
    func writeWholeBookDown() {
        repeat {
            let left = memory.withLock { $0.book.unwritten.count }
            writeBookDown()
            guard isDiskUp, memory.withLock({ $0.book.unwritten.count }) < left else { return }
        } while memory.withLock { !$0.book.unwritten.isEmpty }
    }

    // MARK: All is owed

    /// All rows are owed to the tier. Nothing is written down for it until a walk through them has begun.
    func owesAll(_ index: Int) {
        if !plantedBug(.crowdedDebtsForgotten) { tiers[index].knowledge.owedAll() }
        forsakeDebts(of: tiers[index].name)
        if let table { countRowsToSeed(index, table) }
        holdersChanged()
        noteBookkeeping()
    }

    /// The tier is owed nothing of the book any more, after the disk was told so, or together with it.
    func forsakeDebts(of name: TierName) {
        memory.withLock { $0.book.forsake(name) }
        debtsToStrike.formUnion(TierSet(name))
        noteBookkeeping()
    }

    /// Takes some notes off the disk that name tiers whose debts are forsaken. They do no harm there, but a walk through
    /// all rows does not begin before they are gone: it writes down such notes itself.
    /// - Returns: whether there are none any more.
    private func strikeSome(_ table: Table) throws(SQLiteError) -> Bool {
        guard !debtsToStrike.isEmpty else { return false }
        return try table.strikeDebts(of: debtsToStrike, limit: policy.pageRecords)
    }

    /// The walk that owes the tier everything came to `end` (nil: the last row) with `keys`. Both are written down
    /// together, and nothing else: an end of the process repeats the page, or goes on behind it.
    /// - Returns: false when that is not certain.
    func noteSeeded(_ index: Int, _ keys: [Key], upTo end: String?) -> Bool {
        let before = tiers[index].knowledge.seeding
        tiers[index].knowledge.seeded(upTo: end)
        let isDone = attempt { table throws(SQLiteError) in
            try begin(table)
            for key in keys { try noteDebts(of: key, table) }
            // A note names a tier no more whose debts were forsaken: not before the disk knows why.
            try writeProgress(table)
            try table.commit()
        }
        if isDone { wrote() } else { tiers[index].knowledge.seedingFailed(after: before) }
        return isDone
    }

    /// For health: how much the walk has before it.
    func countRowsToSeed(_ index: Int, _ table: Table) {
        guard !tiers[index].knowledge.isSeeded else {
            tiers[index].rowsToSeed = 0
            return
        }
        do { tiers[index].rowsToSeed = try table.count() } catch { lastError = error.description }
    }
}
