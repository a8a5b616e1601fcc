public import Contracts
import Migrations

/// `conversation_states` in SQLite.
public final class ConversationTable: SQLiteTable, ConversationRows {
    public typealias Record = ConversationRecord

    static let columns = """
        user_id, chat_id, conversation_type, current_step, state_data, started_at, updated_at, expires_at, \
        revision, closed, last_update_id, applied_updates, last_clear
        """
    private static let selectByKey =
        "SELECT \(columns) FROM conversation_states WHERE user_id = ? AND chat_id = ? AND conversation_type = ?"
    private static let upsert = """
        INSERT INTO conversation_states (\(columns), expires_hour) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (user_id, chat_id, conversation_type) DO UPDATE SET
            current_step = excluded.current_step, state_data = excluded.state_data,
            started_at = excluded.started_at, updated_at = excluded.updated_at, expires_at = excluded.expires_at,
            revision = excluded.revision, closed = excluded.closed, last_update_id = excluded.last_update_id,
            applied_updates = excluded.applied_updates, last_clear = excluded.last_clear,
            expires_hour = excluded.expires_hour
        WHERE revision < excluded.revision
        """
    private static let settle = """
        UPDATE conversation_states SET revision = ?, started_at = ?, updated_at = ?, expires_at = ?, expires_hour = NULL
        WHERE user_id = ? AND chat_id = ? AND conversation_type = ?
        """
    /// The same for an open conversation that stays open and ends in the same hour, as most saves do. It leaves out
    /// each column that an index contains or depends on, because SQLite rewrites an index entry even for an unchanged
    /// value.
    private static let updateOpen = """
        UPDATE conversation_states SET current_step = ?4, state_data = ?5, started_at = ?6, updated_at = ?7,
            expires_at = ?8, revision = ?9, last_update_id = ?11, applied_updates = ?12, last_clear = ?13
        WHERE user_id = ?1 AND chat_id = ?2 AND conversation_type = ?3 AND closed = ?10 AND closed = 0
            AND expires_hour = ?14 AND revision < ?9
        """
    private static let selectOpen = """
        SELECT \(columns) FROM conversation_states
        WHERE closed = 0 AND conversation_type = ? AND (user_id, chat_id) > (?, ?)
            AND (expires_at > ? OR expires_at IS NULL)
        ORDER BY user_id, chat_id LIMIT ?
        """
    // By `rowid`: the table that the earlier bot made in SQLite has no `id`.
    private static let emptyOldTombstones = """
        UPDATE conversation_states SET current_step = '', state_data = '{}', updated_at = ?1, expires_at = ?1,
            last_update_id = NULL, applied_updates = '[]', last_clear = NULL
        WHERE rowid IN (
            SELECT rowid FROM conversation_states WHERE closed = 1 AND updated_at > ?1 AND updated_at <= ?2
            ORDER BY updated_at LIMIT ?3)
        RETURNING user_id, chat_id, conversation_type
        """
    private static let upsertDebt = """
        INSERT OR REPLACE INTO tier_debts (user_id, chat_id, conversation_type, revision, tiers, since)
        VALUES (?, ?, ?, ?, ?, ?)
        """
    private static let deleteDebt =
        "DELETE FROM tier_debts WHERE user_id = ? AND chat_id = ? AND conversation_type = ?"
    static let highestPrunedRevision = "highest_pruned_revision"

    public required convenience init(path: String) throws(LocalTableError) { try self.init(path: path) {} }

    public required init(path: String, progressed: @escaping () -> Void) throws(LocalTableError) {
        try super.init(path: path, store: .conversations, progressed: progressed)
    }

    /// Opens the file to read it while its service runs.
    init(reading path: String) throws(LocalTableError) { try super.init(reading: path, store: .conversations) }

    public func get(_ key: ConversationKey) throws(SQLiteError) -> ConversationRecord? {
        try connection.rows(
            Self.selectByKey, [.text(key.userID), .text(key.chatID), .text(key.type)], record
        ).first
    }

    /// A row whose data cannot be read is kept unchanged, and the bot asks its person to begin again. A row that
    /// another program wrote without comparable times gets some, once.
    func record(_ row: SQLiteStatement) throws(SQLiteError) -> ConversationRecord {
        let read = Self.read(row, seenAt: moment)
        let record = read.record
        guard !isReader else { return record }
        if record.step == ConversationRecord.unreadableStep {
            try quarantine(record.key.cursorText, "step \(row.text(3) ?? ""): \(row.text(4) ?? "")")
        }
        if read.isRevisionRefused {
            let revision = "revision \(row.integer(8)): \(row.text(3) ?? ""): \(row.text(4) ?? "")"
            try quarantine(record.key.cursorText, revision)
        }
        if !read.isSettled {
            try connection.run(
                Self.settle,
                [
                    .integer(record.revision.rawValue), SQLiteValue(record.startedAt), SQLiteValue(record.updatedAt),
                    SQLiteValue(record.expiresAt), .text(record.key.userID), .text(record.key.chatID),
                    .text(record.key.type),
                ])
        }
        return record
    }

    public func put(_ record: ConversationRecord) throws(SQLiteError) {
        let values: [SQLiteValue] = [
            .text(record.key.userID), .text(record.key.chatID), .text(record.key.type), .text(record.step),
            .text(JSONValue.object(record.data).text), SQLiteValue(record.startedAt), SQLiteValue(record.updatedAt),
            SQLiteValue(record.expiresAt), .integer(record.revision.rawValue), SQLiteValue(record.isClosed),
            SQLiteValue(record.lastUpdateID), .text(record.appliedUpdatesText),
            SQLiteValue(record.lastClearingText), .integer(record.expiresAt.hour),
        ]
        if !record.isClosed {
            try connection.run(Self.updateOpen, values)
            if connection.changes > 0 { return }
        }
        try connection.run(Self.upsert, values)
    }

    public func keys(
        after key: ConversationKey?, limit: Int
    ) throws(SQLiteError) -> [(key: ConversationKey, revision: Revision)] {
        try connection.rows(
            """
            SELECT user_id, chat_id, conversation_type, revision, updated_at FROM conversation_states
            WHERE (user_id, chat_id, conversation_type) > (?, ?, ?)
            ORDER BY user_id, chat_id, conversation_type LIMIT ?
            """,
            [.text(key?.userID ?? ""), .text(key?.chatID ?? ""), .text(key?.type ?? ""), .integer(Int64(limit))]
        ) { row in
            (
                ConversationKey(userID: row.text(0) ?? "", chatID: row.text(1) ?? "", type: row.text(2) ?? ""),
                RowVersion(stored: row.integer(3), times: [ForeignTime(row.text(4))], seenAt: moment).revision
            )
        }
    }

    public func count() throws(SQLiteError) -> Int {
        try count(of: "conversation_states")
    }

    public func liveCount(at now: Timestamp) throws(SQLiteError) -> Int {
        try connection.rows(
            "SELECT count(*) FROM conversation_states WHERE closed = 0 AND ifnull(expires_hour, 0) > ?",
            [.integer(now.hour)]
        ) { Int($0.integer(0)) }.first ?? 0
    }

    public func quarantine(_ key: ConversationKey, text: String) throws(SQLiteError) {
        try quarantine(key.cursorText, text)
    }

    public func debtCounts(upTo limit: Int) throws(SQLiteError) -> [TierName: Int] { try debtCounts(limit) }

    public func strikeDebts(of tiers: TierSet, limit: Int) throws(SQLiteError) -> Bool {
        try strikeDebts(of: tiers, limit: limit, key: "user_id, chat_id, conversation_type")
    }

    public func debts(of tiers: TierSet) throws(SQLiteError) -> [Debt<ConversationKey>] {
        try connection.rows(
            """
            SELECT user_id, chat_id, conversation_type, revision, tiers, since FROM tier_debts
            WHERE tiers & ? != 0 ORDER BY revision
            """, [.integer(tiers.rawValue)]
        ) { row in
            Debt(
                key: ConversationKey(userID: row.text(0) ?? "", chatID: row.text(1) ?? "", type: row.text(2) ?? ""),
                revision: Revision(rawValue: row.integer(3)), tiers: TierSet(rawValue: row.integer(4)),
                since: ForeignTime(row.text(5)).moment ?? moment)
        }
    }

    public func write(_ debt: Debt<ConversationKey>) throws(SQLiteError) {
        let key: [SQLiteValue] = [.text(debt.key.userID), .text(debt.key.chatID), .text(debt.key.type)]
        if debt.tiers.isEmpty {
            try connection.run(Self.deleteDebt, key)
        } else {
            try connection.run(
                Self.upsertDebt,
                key + [.integer(debt.revision.rawValue), .integer(debt.tiers.rawValue), SQLiteValue(debt.since)])
        }
    }

    public static func salvage(
        _ path: String, _ body: ([ConversationRecord]) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        // A file that cannot even be opened has no readable rows.
        guard let connection = try? SQLiteConnection(path: path) else { return }
        let now = wallClock()
        try salvage(
            connection, "conversation_states", columns, { row throws(SQLiteError) in read(row, seenAt: now).record },
            body)
    }

    /// Open conversations of `type`, in the order of user and chat.
    func open(
        type: String, after: (userID: String, chatID: String), at now: Timestamp, limit: Int
    ) throws(SQLiteError) -> [ConversationRecord] {
        try connection.rows(
            Self.selectOpen,
            [
                .text(type), .text(after.userID), .text(after.chatID), SQLiteValue(now), .integer(Int64(limit)),
            ], record)
    }

    public func prune(before moment: Timestamp, limit: Int) throws(SQLiteError) -> [ConversationKey] {
        try connection.rows(
            Self.emptyOldTombstones, [SQLiteValue(Timestamp.longGone), SQLiteValue(moment), .integer(Int64(limit))]
        ) { ConversationKey(userID: $0.text(0) ?? "", chatID: $0.text(1) ?? "", type: $0.text(2) ?? "") }
    }

    /// The revision of an unknown key must be above it.
    public func highestPrunedRevision() throws(SQLiteError) -> Revision {
        Revision(rawValue: try fact(Self.highestPrunedRevision) ?? 0)
    }

    private static func read(_ row: SQLiteStatement, seenAt now: Timestamp) -> LocalRow<ConversationRecord> {
        let key = ConversationKey(userID: row.text(0) ?? "", chatID: row.text(1) ?? "", type: row.text(2) ?? "")
        // A row that is too large to return is handled like an unreadable one.
        let isLarge = row.textBytes > RowSize.bytesMax
        let data = isLarge ? nil : row.text(4).flatMap { try? JSONValue(parsing: $0) }?.objectValue
        var version = LocalVersion(stored: row.integer(8), times: [ForeignTime(row.text(6))], seenAt: now)
        let record = ConversationRecord(
            key: key, revision: version.version.revision, isClosed: row.integer(9) != 0,
            step: data == nil ? ConversationRecord.unreadableStep : row.text(3) ?? "", data: data ?? [:],
            startedAt: version.began(ForeignTime(row.text(5))), updatedAt: version.version.changedAt,
            expiresAt: version.end(ForeignTime(row.text(7))), lastUpdateID: row.optionalInteger(10),
            appliedUpdates: row.text(11).flatMap(ConversationRecord.appliedUpdates) ?? [],
            lastClearing: row.text(12).flatMap(ConversationRecord.clearing))
        return version.row(record)
    }
}

extension Timestamp {
    /// Whole hours since 1970, the unit of `expires_hour`.
    var hour: Int64 { milliseconds / 3_600_000 }
}
