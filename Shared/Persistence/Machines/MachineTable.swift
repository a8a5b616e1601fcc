public import Contracts
import Migrations

/// `user_machines` and `deleted_user_machines` in SQLite.
public final class MachineTable: SQLiteTable, MachineRows {
    public typealias Record = MachineRecord

    /// A position in a list, newest first.
    struct Position {
        var createdAt: Timestamp
        var id: String
    }

    /// For a person with more machines than this, the index finds the words.
    static let lookedThroughMax: Int64 = 1_000

    private static let columns = """
        machine_id, request_id, revision, user_id, nickname, manufacturer, model_number, serial_number, location, notes, \
        photo_file_id, ocr_data, created_at, updated_at, renamed_from
        """
    private static let qualifiedColumns =
        columns.split(separator: ",").map { "m." + $0.drop(while: \.isWhitespace) }.joined(separator: ", ")
    private static let everywhere = """
        (SELECT \(columns), NULL AS deleted_at FROM user_machines
         UNION ALL SELECT \(columns), deleted_at FROM deleted_user_machines)
        """
    private static let upsert = """
        INSERT INTO user_machines (\(columns), nickname_key)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (machine_id) DO UPDATE SET
            request_id = excluded.request_id, revision = excluded.revision, nickname = excluded.nickname,
            manufacturer = excluded.manufacturer, model_number = excluded.model_number,
            serial_number = excluded.serial_number, location = excluded.location, notes = excluded.notes,
            photo_file_id = excluded.photo_file_id, ocr_data = excluded.ocr_data, created_at = excluded.created_at,
            updated_at = excluded.updated_at, renamed_from = excluded.renamed_from,
            nickname_key = excluded.nickname_key
        """
    private static let insertDeleted = """
        INSERT OR REPLACE INTO deleted_user_machines (\(columns), deleted_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    static let selectUnfolded = "SELECT id, nickname FROM user_machines WHERE nickname_key IS NULL LIMIT 500"

    public required convenience init(path: String) throws(LocalTableError) { try self.init(path: path) {} }

    public required init(path: String, progressed: @escaping () -> Void) throws(LocalTableError) {
        try super.init(path: path, store: .machines, progressed: progressed)
        do { try foldNicknames(progressed) } catch { throw .open(error) }
    }

    /// Opens the file to read it while its service runs.
    init(reading path: String) throws(LocalTableError) { try super.init(reading: path, store: .machines) }

    /// Rows of the current query that are too large to return.
    private var tooLarge: [MachineRecord] = []
    /// The state of the file when rows of another program were last read.
    var seen: (version: Int64, rowID: Int64)?

    /// Folds the nicknames of rows that another program wrote. SQL's `lower` knows ASCII only.
    private func foldNicknames(_ progressed: () -> Void) throws(SQLiteError) {
        while true {
            progressed()
            let rows = try connection.rows(
                Self.selectUnfolded
            ) {
                ($0.integer(0), $0.text(1) ?? "")
            }
            if rows.isEmpty { return }
            try connection.begin()
            for (id, nickname) in rows {
                try connection.run(
                    "UPDATE user_machines SET nickname_key = ? WHERE id = ?",
                    [.text(Nickname.folded(nickname)), .integer(id)])
            }
            try connection.commit()
        }
    }

    public func get(_ id: String) throws(SQLiteError) -> MachineRecord? {
        try machines("SELECT * FROM \(Self.everywhere) WHERE machine_id = ?", [.text(id)]).first
    }

    /// Refuses a nickname that another machine of the user has, ignoring case. The table's index does not ensure that.
    public func put(_ record: MachineRecord) throws(SQLiteError) {
        let stored = try get(record.id)
        if let stored, stored.revision >= record.revision { return }
        if try isNicknameTaken(from: record, storedAs: stored) {
            throw SQLiteError.taken("the nickname", operation: "store a machine")
        }
        try connection.run("SAVEPOINT machine")
        do {
            if record.isDeleted {
                try connection.run("DELETE FROM user_machines WHERE machine_id = ?", [.text(record.id)])
                try connection.run(
                    Self.insertDeleted, Self.values(record) + [record.deletedAt.map { SQLiteValue($0) } ?? .null])
            } else {
                try connection.run("DELETE FROM deleted_user_machines WHERE machine_id = ?", [.text(record.id)])
                try connection.run(Self.upsert, Self.values(record) + [.text(record.nicknameKey)])
            }
            try connection.run("RELEASE machine")
        } catch {
            if connection.isInTransaction {
                try? connection.run("ROLLBACK TO machine")
                try? connection.run("RELEASE machine")
            }
            throw error
        }
    }

    /// After the disk was unavailable, only the last nickname of each machine is left to write, and the stored rows may
    /// still have nicknames that went to other machines in the meantime. So each row that will be replaced first gives
    /// up its nickname for one that no person can choose.
    public func makeWay(for records: [MachineRecord]) throws(SQLiteError) {
        for record in records {
            try connection.run(
                """
                UPDATE user_machines SET nickname = char(1) || machine_id
                WHERE machine_id = ? AND revision < ? AND nickname <> ?
                """, [.text(record.id), .integer(record.revision.rawValue), .text(record.details.nickname)])
        }
    }

    public func added(by requestID: String) throws(SQLiteError) -> MachineRecord? {
        try machines("SELECT * FROM \(Self.everywhere) WHERE request_id = ?", [.text(requestID)]).first
    }

    public func ids(userID: String, nicknameKey: String) throws(SQLiteError) -> [String] {
        let known = try connection.rows(
            "SELECT machine_id FROM user_machines WHERE user_id = ? AND nickname_key = ?",
            [.text(userID), .text(nicknameKey)]
        ) { $0.text(0) ?? "" }
        // Rows of another program.
        let unfolded = try connection.rows(
            "SELECT machine_id, nickname FROM user_machines WHERE user_id = ? AND nickname_key IS NULL",
            [.text(userID)]
        ) { ($0.text(0) ?? "", $0.text(1) ?? "") }
        return known + unfolded.filter { Nickname.folded($0.1) == nicknameKey }.map { $0.0 }
    }

    func total(userID: String) throws(SQLiteError) -> Int64 {
        try connection.rows("SELECT total FROM user_machine_totals WHERE user_id = ?", [.text(userID)]) {
            $0.integer(0)
        }
        .first ?? 0
    }

    /// A user's machines, newest first.
    func list(userID: String, after position: Position?, limit: Int) throws(SQLiteError) -> [MachineRecord] {
        let start = position.map { _ in "AND (created_at, machine_id) < (?, ?)" } ?? ""
        return try machines(
            """
            SELECT \(Self.columns), NULL FROM user_machines WHERE user_id = ? \(start)
            ORDER BY created_at DESC, machine_id DESC LIMIT ?
            """, [.text(userID)] + Self.values(position) + [.integer(Int64(limit))])
    }

    /// The machines that match an expression of `MachineQuery`, newest first.
    func search(_ expression: String, after position: Position?, limit: Int) throws(SQLiteError) -> [MachineRecord] {
        let start = position.map { _ in "AND (m.created_at, m.machine_id) < (?, ?)" } ?? ""
        return try machines(
            """
            SELECT \(Self.qualifiedColumns), NULL FROM user_machine_words JOIN user_machines m
                ON m.id = user_machine_words.rowid
            WHERE user_machine_words MATCH ? \(start) ORDER BY m.created_at DESC, m.machine_id DESC LIMIT ?
            """, [.text(expression)] + Self.values(position) + [.integer(Int64(limit))])
    }

    func count(_ expression: String) throws(SQLiteError) -> Int64 {
        try connection.rows(
            "SELECT count(*) FROM user_machine_words WHERE user_machine_words MATCH ?", [.text(expression)]
        ) {
            $0.integer(0)
        }.first ?? 0
    }

    public func rivals(of record: MachineRecord) throws(SQLiteError) -> [String] {
        try connection.rows(
            """
            SELECT machine_id FROM user_machines
            WHERE user_id = ? AND (nickname = ? OR nickname_key = ? OR nickname_key IS NULL) AND machine_id <> ?
            """,
            [.text(record.userID), .text(record.details.nickname), .text(record.nicknameKey), .text(record.id)]
        ) { $0.text(0) ?? "" }
    }

    /// Only a new nickname is checked: if an earlier version of Rivet gave two machines the same one, both can still be
    /// changed.
    private func isNicknameTaken(
        from record: MachineRecord, storedAs stored: MachineRecord?
    ) throws(SQLiteError) -> Bool {
        if record.isDeleted { return false }
        if let stored, !stored.isDeleted, stored.hasNickname(of: record) { return false }
        for id in try rivals(of: record) {
            if let other = try get(id), other.hasNickname(of: record) { return true }
        }
        return false
    }

    /// Renamed machines whose owners do not know it yet.
    func renamed(limit: Int) throws(SQLiteError) -> [MachineRecord] {
        try machines(
            """
            SELECT \(Self.columns), NULL FROM user_machines WHERE renamed_from IS NOT NULL ORDER BY machine_id LIMIT ?
            """, [.integer(Int64(limit))])
    }

    public func prune(before moment: Timestamp, limit: Int) throws(SQLiteError) -> [String] {
        try connection.rows(
            """
            UPDATE deleted_user_machines SET nickname = '', manufacturer = NULL, model_number = NULL,
                serial_number = NULL, location = NULL, notes = NULL, photo_file_id = NULL, ocr_data = NULL,
                renamed_from = NULL, created_at = ?1, updated_at = ?1, deleted_at = ?1
            WHERE machine_id IN (
                SELECT machine_id FROM deleted_user_machines WHERE deleted_at > ?1 AND deleted_at <= ?2
                ORDER BY deleted_at LIMIT ?3)
            RETURNING machine_id
            """, [SQLiteValue(Timestamp.longGone), SQLiteValue(moment), .integer(Int64(limit))]
        ) { $0.text(0) ?? "" }
    }

    public func highestPrunedRevision() throws(SQLiteError) -> Revision {
        Revision(rawValue: try fact(ConversationTable.highestPrunedRevision) ?? 0)
    }

    public func keys(after id: String?, limit: Int) throws(SQLiteError) -> [(key: String, revision: Revision)] {
        try connection.rows(
            """
            SELECT machine_id, revision, updated_at FROM (
                SELECT * FROM (SELECT machine_id, revision, updated_at FROM user_machines WHERE machine_id > ?1
                               ORDER BY machine_id LIMIT ?2)
                UNION ALL
                SELECT * FROM (SELECT machine_id, revision, updated_at FROM deleted_user_machines WHERE machine_id > ?1
                               ORDER BY machine_id LIMIT ?2))
            ORDER BY machine_id LIMIT ?2
            """, [.text(id ?? ""), .integer(Int64(limit))]
        ) { row in
            (
                row.text(0) ?? "",
                RowVersion(stored: row.integer(1), times: [ForeignTime(row.text(2))], seenAt: moment).revision
            )
        }
    }

    public func count() throws(SQLiteError) -> Int {
        try count(of: "user_machines") + count(of: "deleted_user_machines")
    }

    public func liveCount(at now: Timestamp) throws(SQLiteError) -> Int {
        try connection.rows("SELECT sum(total) FROM user_machine_totals") { Int($0.integer(0)) }.first ?? 0
    }

    public func quarantine(_ id: String, text: String) throws(SQLiteError) { try quarantine(id, text) }

    public func debtCounts(upTo limit: Int) throws(SQLiteError) -> [TierName: Int] { try debtCounts(limit) }

    public func strikeDebts(of tiers: TierSet, limit: Int) throws(SQLiteError) -> Bool {
        try strikeDebts(of: tiers, limit: limit, key: "machine_id")
    }

    public func debts(of tiers: TierSet) throws(SQLiteError) -> [Debt<String>] {
        try connection.rows(
            "SELECT machine_id, revision, tiers, since FROM tier_debts WHERE tiers & ? != 0 ORDER BY revision",
            [.integer(tiers.rawValue)]
        ) { row in
            Debt(
                key: row.text(0) ?? "", revision: Revision(rawValue: row.integer(1)),
                tiers: TierSet(rawValue: row.integer(2)),
                since: ForeignTime(row.text(3)).moment ?? moment)
        }
    }

    public func write(_ debt: Debt<String>) throws(SQLiteError) {
        if debt.tiers.isEmpty {
            try connection.run("DELETE FROM tier_debts WHERE machine_id = ?", [.text(debt.key)])
        } else {
            try connection.run(
                "INSERT OR REPLACE INTO tier_debts (machine_id, revision, tiers, since) VALUES (?, ?, ?, ?)",
                [
                    .text(debt.key), .integer(debt.revision.rawValue), .integer(debt.tiers.rawValue),
                    SQLiteValue(debt.since),
                ])
        }
    }

    public static func salvage(
        _ path: String, _ body: ([MachineRecord]) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        // A file that cannot even be opened has no readable rows.
        guard let connection = try? SQLiteConnection(path: path) else { return }
        let now = wallClock()
        for (table, deletedAt) in [("deleted_user_machines", "deleted_at"), ("user_machines", "NULL")] {
            try salvage(
                connection, table, "\(columns), \(deletedAt)",
                { row throws(SQLiteError) in read(row, seenAt: now).record }, body)
        }
    }

    private static func values(_ position: Position?) -> [SQLiteValue] {
        position.map { [SQLiteValue($0.createdAt), .text($0.id)] } ?? []
    }

    /// The values in the order of `columns`.
    private static func values(_ record: MachineRecord) -> [SQLiteValue] {
        let texts = record.details.texts
        return [
            .text(record.id), SQLiteValue(record.requestID), .integer(record.revision.rawValue), .text(record.userID),
            .text(record.details.nickname), SQLiteValue(texts[.manufacturer]), SQLiteValue(texts[.modelNumber]),
            SQLiteValue(texts[.serialNumber]), SQLiteValue(texts[.location]), SQLiteValue(texts[.notes]),
            SQLiteValue(texts[.photoFileID]), SQLiteValue(record.details.ocrData?.text),
            SQLiteValue(record.createdAt), SQLiteValue(record.updatedAt), SQLiteValue(record.renamedFrom),
        ]
    }

    /// The rows of a query, except those that are too large to return. An excluded row, which another program wrote,
    /// moves to the table `quarantine` with all its content.
    private func machines(_ sql: String, _ values: [SQLiteValue]) throws(SQLiteError) -> [MachineRecord] {
        while true {
            tooLarge = []
            let records = try connection.rows(sql, values, record)
            guard !tooLarge.isEmpty, !isReader else { return records }
            for record in tooLarge { try moveToQuarantine(record) }
        }
    }

    private func moveToQuarantine(_ record: MachineRecord) throws(SQLiteError) {
        try connection.run("SAVEPOINT too_large")
        do {
            try quarantine(record.id, "too large: \(record.journalValue.text)")
            for table in ["user_machines", "deleted_user_machines"] {
                try connection.run("DELETE FROM \(table) WHERE machine_id = ?", [.text(record.id)])
            }
            try connection.run("RELEASE too_large")
        } catch {
            try? connection.run("ROLLBACK TO too_large")
            try? connection.run("RELEASE too_large")
            throw error
        }
    }

    /// A row that another program wrote without comparable times gets some, once.
    private func record(_ row: SQLiteStatement) throws(SQLiteError) -> MachineRecord {
        let read = Self.read(row, seenAt: moment)
        let record = read.record
        guard !isReader, !record.id.isEmpty else { return record }
        if RowSize.isTooLarge(row.textBytes, record) { tooLarge.append(record) }
        if read.isSettled { return record }
        if read.isRevisionRefused {
            try quarantine(record.id, "revision \(row.integer(2)): \(record.journalValue.text)")
        }
        let table = record.isDeleted ? "deleted_user_machines" : "user_machines"
        try connection.run(
            "UPDATE \(table) SET revision = ?, created_at = ?, updated_at = ? WHERE machine_id = ?",
            [
                .integer(record.revision.rawValue), SQLiteValue(record.createdAt), SQLiteValue(record.updatedAt),
                .text(record.id),
            ])
        return record
    }

    private static func read(_ row: SQLiteStatement, seenAt now: Timestamp) -> LocalRow<MachineRecord> {
        var details = MachineDetails(nickname: row.text(4) ?? "")
        for (column, field) in [
            (5, MachineField.manufacturer), (6, .modelNumber), (7, .serialNumber), (8, .location), (9, .notes),
            (10, .photoFileID),
        ] { details.texts[field] = row.text(Int32(column)) }
        details.ocrData = row.text(11).flatMap { try? JSONValue(parsing: $0) }
        let created = ForeignTime(row.text(12))
        var version = LocalVersion(stored: row.integer(2), times: [ForeignTime(row.text(13)), created], seenAt: now)
        let record = MachineRecord(
            id: row.text(0) ?? "", requestID: row.text(1), revision: version.version.revision,
            userID: row.text(3) ?? "", details: details, createdAt: version.began(created),
            updatedAt: version.version.changedAt, deletedAt: RowVersion.deleted(row.text(15), seenAt: now),
            renamedFrom: row.text(14))
        return version.row(record)
    }
}
