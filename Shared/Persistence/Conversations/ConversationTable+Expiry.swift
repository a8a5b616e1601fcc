import Contracts

/// How far a sweep has come: an hour since 1970, and a row whose conversation ends in it.
public struct SweepPosition: Sendable, Equatable {
    var hour: Int64
    var row: Int64

    /// Before every row.
    static let beginning = SweepPosition(hour: .min, row: .min)

    package init(hour: Int64, row: Int64) {
        self.hour = hour
        self.row = row
    }
}

/// Some of the open conversations that are over.
public struct ExpiredPage: Sendable {
    public var records: [ConversationRecord]
    /// Where to go on; nil at the end of those that may be over.
    public var next: SweepPosition?

    package init(records: [ConversationRecord], next: SweepPosition?) {
        self.records = records
        self.next = next
    }
}

/// A sweep walks along the hours in which conversations end. The index knows no more than the hour, so in the hour that
/// passes just now, and among those that were saved before the clock was watched, there are conversations to be passed
/// over. A page passes over a bounded number of them, and the next page goes on behind it.
extension ConversationTable {
    /// Rows that are looked at for one page: a millisecond or two.
    static let examinedMax = 500

    private static func walk(_ condition: String) -> String {
        """
        SELECT ifnull(expires_hour, 0), rowid,
            ifnull(expires_at <= ?1 AND coalesce(updated_at, '') >= ?2, 0) OR ifnull(expires_at <= ?3, 0)
        FROM conversation_states WHERE closed = 0 AND \(condition)
        """
    }
    static let walkOneHour = walk("ifnull(expires_hour, 0) = ?4 AND rowid > ?5 ORDER BY rowid LIMIT ?6")
    static let walkHours = walk(
        "ifnull(expires_hour, 0) > ?4 AND ifnull(expires_hour, 0) <= ?5 ORDER BY ifnull(expires_hour, 0), rowid LIMIT ?6"
    )

    public func expired(
        by time: AgreedTime, after position: SweepPosition?, limit: Int
    ) throws(SQLiteError) -> ExpiredPage {
        let last = max(time.now, time.horizon ?? time.now).hour
        let start = position ?? .beginning
        let times: [SQLiteValue] = [
            SQLiteValue(time.now), SQLiteValue(time.since), time.horizon.map { SQLiteValue($0) } ?? .null,
        ]
        var found: [Int64] = []
        var (examined, reached) = (0, start)
        for (sql, bounds) in [
            (Self.walkOneHour, [SQLiteValue.integer(start.hour), .integer(start.row)]),
            (Self.walkHours, [.integer(start.hour), .integer(last)]),
        ] where examined < Self.examinedMax && found.count < limit {
            let walk = try connection.statement(sql)
            defer { walk.reset() }
            try walk.bind(times + bounds + [.integer(Int64(Self.examinedMax - examined))])
            while found.count < limit, try walk.step() {
                examined += 1
                reached = SweepPosition(hour: walk.integer(0), row: walk.integer(1))
                if walk.integer(2) != 0 { found.append(reached.row) }
            }
        }
        var records: [ConversationRecord] = []
        for row in found {
            records += try connection.rows(
                "SELECT \(Self.columns) FROM conversation_states WHERE rowid = ?", [.integer(row)], record)
        }
        let isMore = examined == Self.examinedMax || found.count == limit
        return ExpiredPage(records: records, next: isMore ? reached : nil)
    }
}
