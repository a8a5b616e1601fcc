import Contracts

/// Rows of a table, in the order of their keys.
public struct PostgresPage<Record: TieredRecord>: Sendable {
    public var records: [Record]
    /// Whether each record's row has the revision that it counts as: not so when somebody else wrote it.
    public var isStamped: [Bool]
    /// Rows that are there and make no record, such as one whose JSON is no object.
    public var unreadable: [(key: Record.Key, text: String)]
    /// The next page comes after this key; nil when this was the last.
    public var next: Record.Key?

    init(
        _ result: PostgresResult, limit: Int, revisionColumn: Int, key: (PostgresRow) -> Record.Key,
        record: (PostgresRow) -> Record?
    ) {
        records = []
        isStamped = []
        unreadable = []
        for row in result.rows {
            if let record = record(row) {
                records.append(record)
                isStamped.append(row.integer(revisionColumn) == record.revision.rawValue)
            } else {
                let text = row.columns.map { $0 ?? "NULL" }.joined(separator: " | ")
                unreadable.append((key(row), text))
            }
        }
        next = result.rows.count < limit ? nil : result.rows.last.map(key)
    }
}

/// SQL for columns that PostgreSQL would otherwise show, or compare, in a way of its own.
enum PostgresColumns {
    /// A `timestamp` column as `Timestamp(parsing:)` reads it, whatever the session's DateStyle. Cut to milliseconds;
    /// NULL for infinity.
    static func time(_ column: String) -> String { "to_char(\(column), 'YYYY-MM-DD HH24:MI:SS.MS')" }

    /// The revision that a row of `table` counts as: its own, or that of the first of `times` that it has, whichever is
    /// higher. Equal to what `Revision(stored:changedAt:)` makes of it: a newer time tells that somebody else changed the
    /// row, and one of the earlier bot has no revision.
    static func revision(of table: String, times: [String]) -> String {
        "greatest(\(table).revision, \(revision(at: times, of: table)))"
    }

    /// Whether somebody else wrote the row of `table`: its revision is not what it counts as.
    static func isForeign(_ table: String, times: [String]) -> String {
        "(\(table).revision = 0 OR \(table).revision < \(revision(at: times, of: table)))"
    }

    private static func revision(at times: [String], of table: String) -> String {
        let milliseconds = times.map { column in
            let time = "\(table).\(column)"
            return """
                CASE WHEN \(time) BETWEEN '0001-01-01' AND '9999-12-31 23:59:59.999999'
                THEN round(extract(epoch FROM date_trunc('milliseconds', \(time))) * 1000)::bigint END
                """
        }
        return "greatest(0, coalesce(\(milliseconds.joined(separator: ", ")), 0)) << 16"
    }

    /// `(name = excluded.name, …)` without the parentheses.
    static func takeOver(_ columns: [String]) -> String {
        columns.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    }
}
