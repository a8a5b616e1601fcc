import Contracts

/// Handles data from outside that cannot be accepted. Each row is put aside alone, so that it blocks nothing else.
extension StoreCore {
    /// Whether a clock can have issued the revision of `record`. Nothing could be written over one that no clock
    /// issued.
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
            // Another program may have the file locked just now. The rows are read again in the next pass.
            if error.isCorruption { failed(error) } else { lastError = error.description }
            return
        }
        takeIn(rows)
    }

    /// Whether the table changed, so that changes which it refused may be decided differently now.
    func mayDecideAgain(_ error: SQLiteError, _ records: [Record]) -> Bool {
        guard error.isUniqueViolation, let table else { return false }
        do throws(SQLiteError) {
            guard try table.settleRivals(of: records) else { return false }
        } catch {
            lastError = error.description
            return false
        }
        // Memory has outdated copies of these rows.
        memory.withLock { $0.forgetCopies() }
        return true
    }

    /// Keeps `rows` for a person to look at. A row that cannot be stored now is still where it came from, and will be
    /// found again.
    func putInQuarantine(_ rows: [(key: Key, text: String)]) {
        for (key, text) in rows {
            do throws(SQLiteError) { try table?.quarantine(key, text: text) } catch { failed(error) }
        }
    }
}
