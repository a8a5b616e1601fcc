import Contracts

/// The queries of `tier_debts` that do not depend on its key columns.
extension SQLiteTable {
    func debtCounts(_ limit: Int) throws(SQLiteError) -> [TierName: Int] {
        var counts: [TierName: Int] = [:]
        for tier in [TierName.neon, .supabase, .railway] {
            let rows = try connection.rows(
                "SELECT count(*) FROM (SELECT 1 FROM tier_debts WHERE tiers & ? != 0 LIMIT ?)",
                [.integer(TierSet(tier).rawValue), .integer(Int64(limit))]
            ) { Int($0.integer(0)) }
            counts[tier] = rows.first
        }
        return counts
    }

    /// - Parameter key: the names of the key columns.
    func strikeDebts(of tiers: TierSet, limit: Int, key: String) throws(SQLiteError) -> Bool {
        let values: [SQLiteValue] = [.integer(tiers.rawValue), .integer(Int64(limit))]
        try connection.run(
            """
            DELETE FROM tier_debts WHERE (\(key)) IN (
                SELECT \(key) FROM tier_debts WHERE tiers & ~?1 = 0 LIMIT ?2)
            """, values)
        if connection.changes == limit { return false }
        try connection.run(
            """
            UPDATE tier_debts SET tiers = tiers & ~?1 WHERE (\(key)) IN (
                SELECT \(key) FROM tier_debts WHERE tiers & ?1 != 0 LIMIT ?2)
            """, values)
        return connection.changes < limit
    }

    /// The number of rows in `table`. For a large table it is the number of rows that it ever had, because counting
    /// takes too long.
    func count(of table: String) throws(SQLiteError) -> Int {
        let countedMax: Int64 = 50_000
        let count = try connection.rows(
            "SELECT count(*) FROM (SELECT 1 FROM \(table) LIMIT ?)", [.integer(countedMax)]
        ) { $0.integer(0) }
        guard count.first == countedMax else { return Int(count.first ?? 0) }
        return Int(try connection.rows("SELECT max(rowid) FROM \(table)") { $0.integer(0) }.first ?? 0)
    }
}
