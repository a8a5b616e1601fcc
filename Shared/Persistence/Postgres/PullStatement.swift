/// The SQL of a page of a pull: rows after a key, in the order of keys, that are newer than a revision.
///
/// Its cost depends on the number of newer rows, not on the size of the table: a million unchanged rows take a
/// millisecond. With a plain query, PostgreSQL's planner may scan the whole table in the order of its key until it
/// reaches the LIMIT.
struct PullStatement {
    /// A table that contributes rows to a page.
    struct Source {
        var table: String
        /// The selected columns.
        var shown: String
        /// Whether other programs write it too.
        var hasForeignRows: Bool
    }

    /// The key, as `(a, b)` or `a`, and as the list after ORDER BY.
    var key: String
    var order: String
    /// Names of parameters: a row of the key's columns, the revision, and the maximum number of rows.
    var after: String
    var revision: String
    var limit: String

    /// All rows of `sources`: a walk along the key.
    func everything(_ sources: [Source]) -> String {
        union(sources.map { "SELECT \($0.shown) FROM \($0.table) WHERE \(key) > \(after)" })
    }

    /// The newer rows, and those that another program may have written.
    ///
    /// Up to `fewMax` newer rows are found by their revision and sorted. If there are more, a scan along the key finds
    /// enough of them.
    func newer(_ sources: [Source]) -> String {
        let fewMax = "\(limit) * 4"
        var finds: [String] = []
        var parts: [String] = []
        for (number, source) in sources.enumerated() {
            let found = "newer\(number)"
            finds.append(
                """
                \(found) AS MATERIALIZED (SELECT * FROM \(source.table) WHERE revision > \(revision)
                    ORDER BY revision LIMIT \(fewMax) + 1)
                """)
            let count = "(SELECT count(*) FROM \(found))"
            parts.append(
                "SELECT \(source.shown) FROM \(found) WHERE \(key) > \(after) AND \(count) <= \(fewMax)")
            parts.append(
                """
                SELECT \(source.shown) FROM \(source.table)
                WHERE revision > \(revision) AND \(key) > \(after) AND \(count) > \(fewMax)
                """)
            if source.hasForeignRows {
                parts.append(
                    """
                    SELECT \(source.shown) FROM \(source.table)
                    WHERE (\(PostgresColumns.mayBeForeign)) AND revision <= \(revision) AND \(key) > \(after)
                    """)
            }
        }
        return "WITH " + finds.joined(separator: ", ") + "\n" + union(parts)
    }

    private func union(_ parts: [String]) -> String {
        let limited = parts.map { "(\($0) ORDER BY \(order) LIMIT \(limit))" }
        return "SELECT * FROM (\(limited.joined(separator: "\nUNION ALL\n"))) AS page"
    }
}
