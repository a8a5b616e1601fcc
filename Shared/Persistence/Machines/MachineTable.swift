import Contracts
import Migrations

/// `user_machines` and `deleted_user_machines` in SQLite.
public final class MachineTable: SQLiteTable, LocalTable {
    public typealias Record = MachineRecord

    /// A place in a list: newest first.
    struct Position {
        var createdAt: Timestamp
        var id: String
    }

    private static let columns = """
        machine_id, request_id, revision, user_id, nickname, manufacturer, model_number, serial_number, location, notes, \
        photo_file_id, ocr_data, created_at, updated_at
        """
    private static let qualifiedColumns =
        columns.split(separator: ",").map { "m." + $0.drop(while: \.isWhitespace) }.joined(separator: ", ")
    private static let everywhere = """
        (SELECT \(columns), NULL AS deleted_at FROM user_machines
         UNION ALL SELECT \(columns), deleted_at FROM deleted_user_machines)
        """
    private static let upsert = """
        INSERT INTO user_machines (\(columns), nickname_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (machine_id) DO UPDATE SET
            request_id = excluded.request_id, revision = excluded.revision, nickname = excluded.nickname,
            manufacturer = excluded.manufacturer, model_number = excluded.model_number,
            serial_number = excluded.serial_number, location = excluded.location, notes = excluded.notes,
            photo_file_id = excluded.photo_file_id, ocr_data = excluded.ocr_data, created_at = excluded.created_at,
            updated_at = excluded.updated_at, nickname_key = excluded.nickname_key
        """
    private static let insertDeleted = """
        INSERT OR REPLACE INTO deleted_user_machines (\(columns), deleted_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    public required init(path: String) throws(LocalTableError) {
        try super.init(path: path, store: .machines)
        do { try foldNicknames() } catch { throw .open(error) }
    }

    /// Folds the nicknames of rows that another program wrote. SQL's `lower` knows ASCII only.
    private func foldNicknames() throws(SQLiteError) {
        while true {
            let rows = try connection.rows(
                "SELECT id, nickname FROM user_machines WHERE nickname_key IS NULL LIMIT 500"
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
        try connection.rows("SELECT * FROM \(Self.everywhere) WHERE machine_id = ?", [.text(id)], Self.record).first
    }

    public func put(_ record: MachineRecord) throws(SQLiteError) {
        if let stored = try get(record.id), stored.revision >= record.revision { return }
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

    /// The machine that an earlier call with this request added, be it deleted since.
    func added(by requestID: String) throws(SQLiteError) -> MachineRecord? {
        try connection.rows("SELECT * FROM \(Self.everywhere) WHERE request_id = ?", [.text(requestID)], Self.record)
            .first
    }

    /// The ids of a user's machines whose nicknames fold to `nicknameKey`.
    func ids(userID: String, nicknameKey: String) throws(SQLiteError) -> [String] {
        try connection.rows(
            "SELECT machine_id FROM user_machines WHERE user_id = ? AND nickname_key = ?",
            [.text(userID), .text(nicknameKey)]
        ) { $0.text(0) ?? "" }
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
        return try connection.rows(
            """
            SELECT \(Self.columns), NULL FROM user_machines WHERE user_id = ? \(start)
            ORDER BY created_at DESC, machine_id DESC LIMIT ?
            """, [.text(userID)] + Self.values(position) + [.integer(Int64(limit))], Self.record)
    }

    /// The machines that an expression of `MachineQuery` finds, newest first.
    func search(_ expression: String, after position: Position?, limit: Int) throws(SQLiteError) -> [MachineRecord] {
        let start = position.map { _ in "AND (m.created_at, m.machine_id) < (?, ?)" } ?? ""
        return try connection.rows(
            """
            SELECT \(Self.qualifiedColumns), NULL FROM user_machine_words JOIN user_machines m
                ON m.id = user_machine_words.rowid
            WHERE user_machine_words MATCH ? \(start) ORDER BY m.created_at DESC, m.machine_id DESC LIMIT ?
            """, [.text(expression)] + Self.values(position) + [.integer(Int64(limit))], Self.record)
    }

    func count(_ expression: String) throws(SQLiteError) -> Int64 {
        try connection.rows(
            "SELECT count(*) FROM user_machine_words WHERE user_machine_words MATCH ?", [.text(expression)]
        ) {
            $0.integer(0)
        }.first ?? 0
    }

    /// Forgets machines that were deleted before `moment`, some at a time.
    /// - Returns: how many went.
    func prune(before moment: Timestamp, limit: Int) throws(SQLiteError) -> Int {
        try connection.run(
            """
            DELETE FROM deleted_user_machines WHERE machine_id IN (
                SELECT machine_id FROM deleted_user_machines WHERE deleted_at <= ? ORDER BY deleted_at LIMIT ?)
            """, [SQLiteValue(moment), .integer(Int64(limit))])
        return connection.changes
    }

    private static func values(_ position: Position?) -> [SQLiteValue] {
        position.map { [SQLiteValue($0.createdAt), .text($0.id)] } ?? []
    }

    /// In the order of `columns`.
    private static func values(_ record: MachineRecord) -> [SQLiteValue] {
        let texts = record.details.texts
        return [
            .text(record.id), SQLiteValue(record.requestID), .integer(record.revision.rawValue), .text(record.userID),
            .text(record.details.nickname), SQLiteValue(texts[.manufacturer]), SQLiteValue(texts[.modelNumber]),
            SQLiteValue(texts[.serialNumber]), SQLiteValue(texts[.location]), SQLiteValue(texts[.notes]),
            SQLiteValue(texts[.photoFileID]), SQLiteValue(record.details.ocrData?.text),
            SQLiteValue(record.createdAt), SQLiteValue(record.updatedAt),
        ]
    }

    private static func record(_ row: SQLiteStatement) throws(SQLiteError) -> MachineRecord {
        var details = MachineDetails(nickname: row.text(4) ?? "")
        for (column, field) in [
            (5, MachineField.manufacturer), (6, .modelNumber), (7, .serialNumber), (8, .location), (9, .notes),
            (10, .photoFileID),
        ] { details.texts[field] = row.text(Int32(column)) }
        details.ocrData = row.text(11).flatMap { try? JSONValue(parsing: $0) }
        let createdAt = row.text(12).flatMap { Timestamp(parsing: $0) } ?? Timestamp(milliseconds: 0)
        let updatedAt = row.text(13).flatMap { Timestamp(parsing: $0) } ?? createdAt
        let stored = Revision(rawValue: row.integer(2))
        return MachineRecord(
            id: row.text(0) ?? "", requestID: row.text(1),
            // A row of the earlier bot has none: it counts as of its time.
            revision: stored == .none ? Revision(at: updatedAt) : stored,
            userID: row.text(3) ?? "", details: details, createdAt: createdAt, updatedAt: updatedAt,
            deletedAt: row.text(14).flatMap { Timestamp(parsing: $0) })
    }
}
