import Contracts

/// A row of a local table, as read: another program may have put it there.
struct LocalRow<Record: TieredRecord> {
    var record: Record
    /// Whether the row can stay as it is. If not, it has no times that can be compared, or a revision that no write would
    /// ever pass: it gets those of `record`.
    var isSettled: Bool
    /// Whether its revision is none that can be believed. What stands there is worth a look.
    var isRevisionRefused = false
}

/// The revision and the times of a row of a local table, while it is made a record.
struct LocalVersion {
    let version: RowVersion
    let isRevisionRefused: Bool
    private let moment: Timestamp
    private(set) var isSettled: Bool

    /// - Parameters:
    ///   - stored: the revision in the row.
    ///   - times: see `RowVersion`.
    init(stored: Int64, times: [ForeignTime], seenAt moment: Timestamp) {
        self.moment = moment
        isRevisionRefused = Revision(rawValue: stored) > .highestBelieved(at: moment)
        version = RowVersion(stored: isRevisionRefused ? 0 : stored, times: times, seenAt: moment)
        isSettled = !isRevisionRefused && version.isDated && times.first?.moment == version.changedAt
    }

    mutating func began(_ time: ForeignTime) -> Timestamp {
        if time.moment == nil { isSettled = false }
        return version.began(time)
    }

    mutating func end(_ time: ForeignTime) -> Timestamp {
        if time.moment == nil { isSettled = false }
        return time.end
    }

    func row<Record>(_ record: Record) -> LocalRow<Record> {
        LocalRow(record: record, isSettled: isSettled, isRevisionRefused: isRevisionRefused)
    }
}
