import Contracts

/// What comes from outside and cannot be taken: put aside by itself, so that it stops nothing else.
extension StoreCore {
    /// Whether the revision of `record` can have been issued by a clock. Nothing could be written over one that was not.
    func isBelieved(_ record: Record) -> Bool {
        let now = max(time.wall(), table?.latestMoment ?? Timestamp(clamping: .min))
        return (Revision.none...Revision.highestBelieved(at: now)).contains(record.revision)
    }

    /// Rows that another program put into the file while it is open are changes like any other: they go to all tiers.
    package func takeInForeignRows() {
        guard let table, isDiskUp, isServing, !isTakingIn else { return }
        isTakingIn = true
        defer { isTakingIn = false }
        let rows: [Record]
        do throws(SQLiteError) { rows = try table.foreignRows() } catch {
            // Another program may hold the file just now. Asked again at the next turn.
            if error.isCorruption { failed(error) } else { lastError = error.description }
            return
        }
        takeIn(rows)
    }

    /// Whether the same changes, which the table refused, may be decided otherwise now.
    func mayDecideAgain(_ error: SQLiteError, _ records: [Record]) -> Bool {
        guard error.isUniqueViolation, let table else { return false }
        do throws(SQLiteError) {
            guard try table.settleRivals(of: records) else { return false }
        } catch {
            lastError = error.description
            return false
        }
        // Memory has these rows as they were.
        memory.withLock { $0.forgetCopies() }
        return true
    }

    /// Keeps `rows` for a person to look at. What cannot be kept now is still where it came from, and is met again.
    func putInQuarantine(_ rows: [(key: Key, text: String)]) {
        for (key, text) in rows {
            do throws(SQLiteError) { try table?.quarantine(key, text: text) } catch { failed(error) }
        }
    }
}
