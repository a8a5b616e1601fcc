public import Contracts
import Migrations

/// `conversation_states` in SQLite.
public final class ConversationTable: SQLiteTable, LocalTable {
    public typealias Record = ConversationRecord

    private static let columns = """
        user_id, chat_id, conversation_type, current_step, state_data, started_at, updated_at, expires_at, \
        revision, closed, last_update_id, applied_updates, last_clear
        """
    private static let selectByKey =
        "SELECT \(columns) FROM conversation_states WHERE user_id = ? AND chat_id = ? AND conversation_type = ?"
    private static let upsert = """
        INSERT INTO conversation_states (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (user_id, chat_id, conversation_type) DO UPDATE SET
            current_step = excluded.current_step, state_data = excluded.state_data,
            started_at = excluded.started_at, updated_at = excluded.updated_at, expires_at = excluded.expires_at,
            revision = excluded.revision, closed = excluded.closed, last_update_id = excluded.last_update_id,
            applied_updates = excluded.applied_updates, last_clear = excluded.last_clear
        WHERE revision < excluded.revision
        """
    private static let selectExpired = """
        SELECT \(columns) FROM conversation_states WHERE closed = 0 AND expires_at <= ? ORDER BY expires_at LIMIT ?
        """
    private static let selectOpen = """
        SELECT \(columns) FROM conversation_states
        WHERE closed = 0 AND conversation_type = ? AND (user_id, chat_id) > (?, ?) AND expires_at > ?
        ORDER BY user_id, chat_id LIMIT ?
        """
    private static let deleteOldTombstones = """
        DELETE FROM conversation_states WHERE id IN (
            SELECT id FROM conversation_states WHERE closed = 1 AND updated_at <= ? ORDER BY updated_at LIMIT ?)
        RETURNING revision
        """
    private static let highestPrunedRevision = "highest_pruned_revision"

    public required init(path: String) throws(LocalTableError) {
        try super.init(path: path, store: .conversations)
    }

    public func get(_ key: ConversationKey) throws(SQLiteError) -> ConversationRecord? {
        try connection.rows(
            Self.selectByKey, [.text(key.userID), .text(key.chatID), .text(key.type)], Self.record
        ).first
    }

    public func put(_ record: ConversationRecord) throws(SQLiteError) {
        try connection.run(
            Self.upsert,
            [
                .text(record.key.userID), .text(record.key.chatID), .text(record.key.type), .text(record.step),
                .text(JSONValue.object(record.data).text), SQLiteValue(record.startedAt), SQLiteValue(record.updatedAt),
                SQLiteValue(record.expiresAt), .integer(record.revision.rawValue), SQLiteValue(record.isClosed),
                SQLiteValue(record.lastUpdateID), .text(record.appliedUpdatesText),
                SQLiteValue(record.lastClearingText),
            ])
    }

    /// Open conversations whose time is over, the longest over first.
    func expired(at now: Timestamp, limit: Int) throws(SQLiteError) -> [ConversationRecord] {
        try connection.rows(Self.selectExpired, [SQLiteValue(now), .integer(Int64(limit))], Self.record)
    }

    /// Open conversations of `type`, in the order of user and chat.
    func open(
        type: String, after: (userID: String, chatID: String), at now: Timestamp, limit: Int
    ) throws(SQLiteError) -> [ConversationRecord] {
        try connection.rows(
            Self.selectOpen,
            [
                .text(type), .text(after.userID), .text(after.chatID), SQLiteValue(now), .integer(Int64(limit)),
            ], Self.record)
    }

    /// Forgets tombstones made before `moment`, some at a time, and remembers how high their revisions went.
    /// - Returns: how many went.
    func prune(before moment: Timestamp, limit: Int) throws(SQLiteError) -> Int {
        // A savepoint is a transaction of its own where none is open.
        try connection.run("SAVEPOINT prune")
        do {
            let revisions = try connection.rows(
                Self.deleteOldTombstones, [SQLiteValue(moment), .integer(Int64(limit))]
            ) { $0.integer(0) }
            if let highest = revisions.max() { try raiseFact(Self.highestPrunedRevision, to: highest) }
            try connection.run("RELEASE prune")
            return revisions.count
        } catch {
            try? connection.run("ROLLBACK TO prune")
            try? connection.run("RELEASE prune")
            throw error
        }
    }

    /// The highest revision that a forgotten tombstone had: a key that begins again must go above it.
    func highestPrunedRevision() throws(SQLiteError) -> Revision {
        Revision(rawValue: try fact(Self.highestPrunedRevision) ?? 0)
    }

    private static func record(_ row: SQLiteStatement) throws(SQLiteError) -> ConversationRecord {
        let key = ConversationKey(userID: row.text(0) ?? "", chatID: row.text(1) ?? "", type: row.text(2) ?? "")
        let updatedAt = row.text(6).flatMap { Timestamp(parsing: $0) } ?? Timestamp(milliseconds: 0)
        let stored = Revision(rawValue: row.integer(8))
        return ConversationRecord(
            key: key,
            // A row of the earlier bot has none: it counts as of its time.
            revision: stored == .none ? Revision(at: updatedAt) : stored,
            isClosed: row.integer(9) != 0,
            step: row.text(3) ?? "",
            data: row.text(4).flatMap { try? JSONValue(parsing: $0) }?.objectValue ?? [:],
            startedAt: row.text(5).flatMap { Timestamp(parsing: $0) } ?? updatedAt,
            updatedAt: updatedAt,
            expiresAt: row.text(7).flatMap { Timestamp(parsing: $0) } ?? Timestamp(milliseconds: 0),
            lastUpdateID: row.optionalInteger(10),
            appliedUpdates: row.text(11).flatMap(ConversationRecord.appliedUpdates) ?? [],
            lastClearing: row.text(12).flatMap(ConversationRecord.clearing))
    }
}
