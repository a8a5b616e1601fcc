import Contracts

/// The position of a sweep: an hour since 1970, and a row whose conversation ends in that hour.
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

/// A page of open conversations that are over.
public struct ExpiredPage: Sendable {
    public var records: [ConversationRecord]
    /// The position to continue from; nil after the last conversation that may be over.
    public var next: SweepPosition?

    package init(records: [ConversationRecord], next: SweepPosition?) {
        self.records = records
        self.next = next
    }
}

/// A sweep walks through the hours in which conversations end. The index stores only the hour. So in the current hour,
/// and among conversations that were saved before the clock was watched, some must be skipped. A page skips a bounded
/// number of them, and the next page continues after it.
extension ConversationTable {
    /// The most rows that are examined for one page: a millisecond or two.
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
