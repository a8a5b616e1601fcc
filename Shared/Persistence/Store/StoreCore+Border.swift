import Contracts

/// What comes from outside and cannot be taken: put aside by itself, so that it stops nothing else.
extension StoreCore {
    /// Whether the revision of `record` can have been issued by a clock. Nothing could be written over one that was not.
    func isBelieved(_ record: Record) -> Bool {
        let now = max(time.wall(), table?.latestMoment ?? Timestamp(clamping: .min))
        return (Revision.none...Revision.highestBelieved(at: now)).contains(record.revision)
    }

    /// Keeps `rows` for a person to look at. What cannot be kept now is still where it came from, and is met again.
    func putInQuarantine(_ rows: [(key: Key, text: String)]) {
        for (key, text) in rows {
            do throws(SQLiteError) { try table?.quarantine(key, text: text) } catch { failed(error) }
        }
    }
}
