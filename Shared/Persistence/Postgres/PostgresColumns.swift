import Contracts

/// Rows of a table, in the order of their keys.
public struct PostgresPage<Record: TieredRecord>: Sendable {
    public var records: [Record]
    /// Whether each row has its record's revision; false if another program wrote the row.
    public var isStamped: [Bool]
    /// Whether each record's row says when it was changed.
    public var isDated: [Bool]
    /// Rows that cannot be read as records, for example because their JSON is no object, or because they are too large.
    public var unreadable: [(key: Record.Key, text: String)]
    /// The stored revisions of the unreadable rows.
    var unreadableRevisions: [Record.Key: Int64]
    /// The key after which the next page begins; nil when this was the last page.
    public var next: Record.Key?

    init(
        _ result: PostgresResult, limit: Int, revisionColumn: Int, key: (PostgresRow) -> Record.Key,
        record: (PostgresRow) -> (record: Record, isDated: Bool)?
    ) {
        records = []
        isStamped = []
        isDated = []
        unreadable = []
        unreadableRevisions = [:]
        for row in result.rows {
            let bytes = row.columns.reduce(0) { $0 + ($1?.utf8.count ?? 0) }
            // A large row is not even parsed: its JSON may take many times as much memory.
            let read = bytes > RowSize.bytesMax ? nil : record(row)
            if let read, !RowSize.isTooLarge(bytes, read.record) {
                records.append(read.record)
                isStamped.append(row.integer(revisionColumn) == read.record.revision.rawValue)
                isDated.append(read.isDated)
            } else {
                let isLarge = read != nil || bytes > RowSize.bytesMax
                let text =
                    isLarge
                    ? RowSize.beginning(of: row.columns, bytes: bytes)
                    : row.columns.map { $0 ?? "NULL" }.joined(separator: " | ")
                unreadable.append((key(row), text))
                unreadableRevisions[key(row)] = row.integer(revisionColumn)
            }
        }
        next = result.rows.count < limit ? nil : result.rows.last.map(key)
    }

    /// The page as a tier reports it.
    var tierPage: TierPage<Record> {
        let rows = records.indices.map { TierPage.Row(records[$0], isStamped: isStamped[$0], isDated: isDated[$0]) }
        return TierPage(rows: rows, unreadable: unreadable, next: next)
    }
}

/// SQL for columns that PostgreSQL would otherwise return or compare in its own form.
enum PostgresColumns {
    /// A `timestamp` column as `ForeignTime` reads it, independent of the session's DateStyle. Truncated to
    /// milliseconds. `to_char` returns a year before Christ like one after it, and nothing for infinity.
    static func time(_ column: String) -> String {
        """
        CASE WHEN \(column) >= '10000-01-01' THEN '\(ForeignTime.neverText)' WHEN \(column) > '1970-01-01' \
        THEN to_char(\(column), 'YYYY-MM-DD HH24:MI:SS.MS') END
        """
    }

    /// The effective revision of a row of `table`, `RowVersion` in SQL: its stored revision or that of the first known
    /// time of `times`, whichever is higher. A time more than a year ahead is ignored, because no write could ever
    /// exceed it.
    static func revision(of table: String, times: [String]) -> String {
        let limit = "(now() AT TIME ZONE 'UTC') + interval '\(Revision.aheadMax.components.seconds) seconds'"
        return "greatest(\(table).revision, \(revision(at: times, of: table, before: limit)))"
    }

    /// Whether another program wrote the row of `table`: its stored revision is not its effective one. Also true of a
    /// row whose time is too far ahead to count, since that row gets a different time.
    static func isForeign(_ table: String, times: [String]) -> String {
        let end = "'\(Timestamp(milliseconds: Revision.millisecondsMax).databaseText)'"
        return "(\(table).revision = 0 OR \(table).revision < \(revision(at: times, of: table, before: end)))"
    }

    /// Whether another program may have written the row: true of every row for which `isForeign` is true, and of hardly
    /// any other. It equals the condition of the indexes `idx_…_foreign` word for word, because PostgreSQL uses them
    /// for nothing else.
    static let mayBeForeign = """
        revision = 0 OR updated_at IS NULL \
        OR updated_at > timestamp '1970-01-01' + (revision >> 16) * interval '1 millisecond'
        """

    private static func revision(at times: [String], of table: String, before limit: String) -> String {
        let milliseconds = times.map { column in
            let time = "\(table).\(column)"
            return """
                CASE WHEN \(time) > '1970-01-01' AND \(time) < \(limit)
                THEN round(extract(epoch FROM date_trunc('milliseconds', \(time))) * 1000)::bigint END
                """
        }
        return "coalesce(\(milliseconds.joined(separator: ", ")), 0) << 16"
    }

    /// `(name = excluded.name, …)` without the parentheses.
    static func takeOver(_ columns: [String]) -> String {
        columns.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    }
}
