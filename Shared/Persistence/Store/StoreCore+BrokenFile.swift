import Contracts

/// Replaces a broken file.
extension StoreCore {
    /// Moves the file aside, and makes a new one from its readable records and those in memory. The missing rest comes
    /// from the remote tiers, and nothing is decided before.
    func replaceBrokenFile() throws(SQLiteError) {
        table = nil
        try Table.setAside(path, at: time.wall())
        // From here on the file at the path is new, even if it is not filled yet.
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
        // A record that counts as a copy must be on the disk.
        memory.withLock { $0.forgetCopies() }
        counters["disk.replaced", default: 0] += 1
        memory.withLock { $0.book.unwriteAll() }
        debtsToStrike = []
        for index in tiers.indices { countRowsToSeed(index, fresh) }
        awaitTiersIfNeeded()
    }

    /// Puts the readable records of broken files that were set aside earlier, and `copies`, into `table`. Starts from
    /// the beginning if it fails or the process ends in the middle.
    ///
    /// Records that the table refuses beside the others stay in memory until the records with their nicknames make way.
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

    /// Copies in memory, and records on their way to a tier, for which memory may have no room.
    var copies: [Record] {
        memory.withLock { $0.copies }
            + tiers.flatMap { tier in tier.live.map { $0.record } + tier.requests.flatMap { $0.kind.records } }
    }

    /// Notes that rows are missing, before the first row is written. If the process ends in the middle, the file then
    /// does not pass for a complete one.
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

    /// Puts the records that the table accepts, in one transaction.
    /// - Returns: the records that it refused.
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
