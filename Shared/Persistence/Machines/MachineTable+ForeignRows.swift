import Contracts
import FoundationEssentials

/// Rows that another program puts into `user_machines` while the service has the file open.
extension MachineTable {
    /// The most such rows that are read in one pass.
    private static let rowsMax: Int64 = 100
    /// A data version that no file ever has.
    private static let noVersion: Int64 = -1

    public func foreignRows() throws(SQLiteError) -> [MachineRecord] {
        let version = try connection.dataVersion()
        if let seen, seen.version == version { return [] }
        let last = try connection.rows("SELECT max(rowid) FROM user_machines") { $0.integer(0) }.first ?? 0
        var rows = try connection.rows(
            "SELECT rowid, nickname, machine_id FROM user_machines WHERE machine_id IS NULL LIMIT ?",
            [.integer(Self.rowsMax)], Self.nameless)
        // At the start, rows with an id are known rows of an earlier program.
        let start = seen?.rowID ?? last
        let added = try connection.rows(
            """
            SELECT rowid, nickname, machine_id FROM user_machines
            WHERE rowid > ? AND revision = 0 AND machine_id IS NOT NULL ORDER BY rowid LIMIT ?
            """, [.integer(start), .integer(Self.rowsMax)], Self.nameless)
        let isAll = rows.count < Int(Self.rowsMax) && added.count < Int(Self.rowsMax)
        rows += added
        var records: [MachineRecord] = []
        for row in rows {
            if let record = try get(try settle(row)) { records.append(record) }
        }
        // If there may be more rows, the file counts as changed.
        seen = isAll ? (version, last) : (Self.noVersion, added.last?.rowID ?? start)
        return records
    }

    public func settleRivals(of records: [MachineRecord]) throws(SQLiteError) -> Bool {
        var isChanged = false
        for record in records where !record.isDeleted {
            let rows = try connection.rows(
                """
                SELECT rowid, nickname, machine_id, nickname_key FROM user_machines
                WHERE user_id = ? AND (nickname_key IS NULL OR nickname = ?)
                """, [.text(record.userID), .text(record.details.nickname)]
            ) { (Self.nameless($0), $0.text(3)) }
            for (row, key) in rows where row.id == nil || key != Nickname.folded(row.nickname) {
                _ = try settle(row)
                isChanged = true
            }
        }
        return isChanged
    }

    private typealias Nameless = (rowID: Int64, nickname: String, id: String?)

    private static func nameless(_ row: SQLiteStatement) -> Nameless {
        (row.integer(0), row.text(1) ?? "", row.text(2))
    }

    /// Gives a row an id, if it has none, and its folded nickname.
    /// - Returns: its id.
    private func settle(_ row: Nameless) throws(SQLiteError) -> String {
        let id = row.id ?? UUID().uuidString.lowercased()
        try connection.run(
            "UPDATE user_machines SET machine_id = ?, nickname_key = ? WHERE rowid = ?",
            [.text(id), .text(Nickname.folded(row.nickname)), .integer(row.rowID)])
        return id
    }
}
