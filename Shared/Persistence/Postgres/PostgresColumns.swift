import Contracts

/// Rows of a table, in the order of their keys.
public struct PostgresPage<Record: TieredRecord>: Sendable {
    public var records: [Record]
    /// Keys of rows that are there and make no record, such as one whose JSON is no object.
    public var unreadable: [Record.Key]
    /// The next page comes after this key; nil when this was the last.
    public var next: Record.Key?

    init(_ result: PostgresResult, limit: Int, key: (PostgresRow) -> Record.Key, record: (PostgresRow) -> Record?) {
        records = []
        unreadable = []
        for row in result.rows {
            if let record = record(row) { records.append(record) } else { unreadable.append(key(row)) }
        }
        next = result.rows.count < limit ? nil : result.rows.last.map(key)
    }
}

/// SQL for columns that PostgreSQL would otherwise show, or compare, in a way of its own.
enum PostgresColumns {
    /// A `timestamp` column as `Timestamp(parsing:)` reads it, whatever the session's DateStyle. Cut to milliseconds;
    /// NULL for infinity.
    static func time(_ column: String) -> String { "to_char(\(column), 'YYYY-MM-DD HH24:MI:SS.MS')" }

    /// The revision of a row of `table`. One of the earlier bot has none: it counts as of the first of `times` that it
    /// has. Equal to what `Revision(at:)` makes of that time.
    static func revision(of table: String, times: [String]) -> String {
        let milliseconds = times.map { column in
            let time = "\(table).\(column)"
            return """
                CASE WHEN \(time) BETWEEN '0001-01-01' AND '9999-12-31 23:59:59.999999'
                THEN round(extract(epoch FROM date_trunc('milliseconds', \(time))) * 1000)::bigint END
                """
        }
        return """
            CASE WHEN \(table).revision <> 0 THEN \(table).revision
            ELSE greatest(0, coalesce(\(milliseconds.joined(separator: ", ")), 0)) << 16 END
            """
    }

    /// `(name = excluded.name, …)` without the parentheses.
    static func takeOver(_ columns: [String]) -> String {
        columns.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    }

    /// The revision in `column`, or that of the earlier bot's `time`.
    static func revision(_ stored: Int64, at time: Timestamp) -> Revision {
        stored == 0 ? Revision(at: time) : Revision(rawValue: stored)
    }
}
