import Contracts

/// A file that is broken, and the one that takes its place.
extension StoreCore {
    /// Moves the file aside, and makes a new one of what can still be read of it and of what memory has. What is
    /// missing then comes from the remote tiers, and nothing is decided before.
    func replaceBrokenFile() throws(SQLiteError) {
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
        try fresh.keepTime(by: time.wall)
        for index in tiers.indices {
            tiers[index].knowledge.diskLost()
            tiers[index].wantsPull = true
            tiers[index].pull = nil
        }
        holdersChanged()
        try fill(fresh, with: copies)
        table = fresh
        // What passes for a copy must be on the disk.
        memory.withLock { $0.forgetCopies() }
        counters["disk.replaced", default: 0] += 1
        memory.withLock { $0.book.unwriteAll() }
        debtsToStrike = []
        for index in tiers.indices { countRowsToSeed(index, fresh) }
        awaitTiersIfNeeded()
    }

    /// Puts into `table` what can be read of broken files that were set aside before it, and `copies`. Done again from the
    /// beginning when it fails, or the process ends in the middle.
    ///
    /// Records that the table does not take beside the others are held until what has their names makes way.
    func fill(_ table: Table, with copies: [Record]) throws(SQLiteError) {
        let files = try Table.unsalvaged(path)
        guard !files.isEmpty else { return }
        try noteThatRowsAreMissing(table)
        var refused: [Record] = []
        var counts: [Int64] = []
        for file in files {
            var count: Int64 = 0
            try Table.salvage(file) { records throws(SQLiteError) in
                progressed(.salvaging)
                refused += try putAll(records, table)
                count += Int64(records.count)
            }
            counts.append(count)
        }
        refused += try putAll(copies, table)
        _ = memory.withLock { $0.hold(refused, isOwed: true) }
        journal(refused)
        for (file, count) in zip(files, counts) {
            try Table.salvaged(file, rows: count)
            counters["disk.salvaged", default: 0] += count
        }
        incidents = nil
    }

    /// Copies in memory, and what is on its way to a tier, which memory may have no room for.
    var copies: [Record] {
        memory.withLock { $0.copies }
            + tiers.flatMap { tier in tier.live.map { $0.record } + tier.requests.flatMap { $0.kind.records } }
    }

    /// Before the first row, so that an end in the middle does not make the file pass for one that lacks nothing.
    private func noteThatRowsAreMissing(_ table: Table) throws(SQLiteError) {
        let known = try table.progress()
        do throws(SQLiteError) {
            try table.begin()
            for tier in tiers where known[tier.name] == nil {
                var knowledge = tier.knowledge
                knowledge.diskLost()
                try table.write(knowledge.progress, of: tier.name)
            }
            try table.commit()
        } catch {
            table.rollback()
            throw error
        }
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
}
