import Contracts

/// A row of a local table, as read. Another program may have written it.
struct LocalRow<Record: TieredRecord> {
    var record: Record
    /// Whether the row can stay unchanged. If not, its times cannot be compared, or no write could ever exceed its
    /// revision; then it gets the times and revision of `record`.
    var isSettled: Bool
    /// Whether no clock can have issued its revision. A person should look at the row.
    var isRevisionRefused = false
}

/// The revision and times of a local row, while a record is made from it.
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
