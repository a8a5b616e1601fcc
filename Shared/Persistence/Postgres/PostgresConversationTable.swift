public import Contracts

/// `conversation_states` in PostgreSQL: its statements, and how their rows are read.
public enum PostgresConversationTable: PostgresTable {
    package static let store = Migrator.Store.conversations
    package static let repeated = [upsert, upsertAll]
    private static let keyColumns = ["user_id", "chat_id", "conversation_type"]
    private static let valueColumns = [
        "current_step", "state_data", "started_at", "updated_at", "expires_at", "revision", "closed", "last_update_id",
        "applied_updates", "last_clear",
    ]
    private static let upsert = """
        INSERT INTO conversation_states AS stored (\((keyColumns + valueColumns).joined(separator: ", ")))
        VALUES ($1, $2, $3, $4, $5::jsonb, $6::timestamp, $7::timestamp, $8::timestamp, $9::bigint, $10::boolean,
            $11::bigint, $12::jsonb, $13::jsonb)
        \(unlessNewer)
        """
    /// The same for any number of rows, as JSON, so that the server parses and plans it once.
    private static let upsertAll = """
        INSERT INTO conversation_states AS stored (\((keyColumns + valueColumns).joined(separator: ", ")))
        SELECT \((keyColumns + valueColumns).joined(separator: ", ")) FROM json_to_recordset($1::json) AS given(
            user_id text, chat_id text, conversation_type text, current_step text, state_data jsonb,
            started_at timestamp, updated_at timestamp, expires_at timestamp, revision bigint, closed boolean,
            last_update_id bigint, applied_updates jsonb, last_clear jsonb)
        \(unlessNewer)
        """
    private static let revision = PostgresColumns.revision(of: "stored", times: ["updated_at"])
    private static let unlessNewer = """
        ON CONFLICT (\(keyColumns.joined(separator: ", "))) DO UPDATE SET \(PostgresColumns.takeOver(valueColumns))
        WHERE stored.revision < excluded.revision AND \(revision) <= excluded.revision
        RETURNING \(keyColumns.joined(separator: ", "))
        """
    private static let shown = """
        user_id, chat_id, conversation_type, current_step, state_data, \(PostgresColumns.time("started_at")), \
        \(PostgresColumns.time("updated_at")), \(PostgresColumns.time("expires_at")), revision, closed, \
        last_update_id, applied_updates, last_clear
        """

    /// Stores `record`, which may be a tombstone, unless a revision as high or higher is there. Then no row is
    /// affected, so a repeated statement changes nothing.
    public static func put(_ record: ConversationRecord) -> PostgresStatement {
        PostgresStatement(
            upsert,
            [
                record.key.userID, record.key.chatID, record.key.type, record.step, JSONValue.object(record.data).text,
                record.startedAt.databaseText, record.updatedAt.databaseText, record.expiresAt.databaseText,
                String(record.revision.rawValue), record.isClosed ? "t" : "f", record.lastUpdateID.map(String.init),
                record.appliedUpdatesText, record.lastClearingText,
            ])
    }

    package static func putAll(_ records: [ConversationRecord]) -> PostgresStatement? {
        var text = "["
        for (index, record) in records.enumerated() {
            if index > 0 { text += "," }
            func quoted(_ value: String) -> String { JSONValue.string(value).text }
            text += """
                {"user_id":\(quoted(record.key.userID)),"chat_id":\(quoted(record.key.chatID)),\
                "conversation_type":\(quoted(record.key.type)),"current_step":\(quoted(record.step)),\
                "state_data":\(JSONValue.object(record.data).text),"started_at":"\(record.startedAt.databaseText)",\
                "updated_at":"\(record.updatedAt.databaseText)","expires_at":"\(record.expiresAt.databaseText)",\
                "revision":\(record.revision.rawValue),"closed":\(record.isClosed),\
                "last_update_id":\(record.lastUpdateID.map(String.init) ?? "null"),\
                "applied_updates":\(record.appliedUpdatesText),"last_clear":\(record.lastClearingText ?? "null")}
                """
        }
        return PostgresStatement(upsertAll, [text + "]"])
    }

    package static func refusal(_ error: PostgresError) -> TierRefusal.Kind { .bug }
    package static func rival(of record: ConversationRecord) -> PostgresStatement? { nil }
    package static func makeWay(for record: ConversationRecord) -> PostgresStatement? { nil }

    public static func get(_ key: ConversationKey) -> PostgresStatement {
        PostgresStatement(
            "SELECT \(shown) FROM conversation_states WHERE user_id = $1 AND chat_id = $2 AND conversation_type = $3",
            [key.userID, key.chatID, key.type])
    }

    package static func rows(of keys: [ConversationKey]) -> PostgresStatement {
        let given = keys.map { JSONValue.array([.string($0.userID), .string($0.chatID), .string($0.type)]) }
        return PostgresStatement(
            """
            SELECT \(shown) FROM conversation_states WHERE (user_id, chat_id, conversation_type) IN (
                SELECT given->>0, given->>1, given->>2 FROM json_array_elements($1::json) AS given)
            """, [JSONValue.array(given).text])
    }

    /// Up to `limit` rows after `key`, tombstones too, that are newer than `revision` or that another program wrote;
    /// all rows for `Revision.none`. The order of the keys is that of this database. It depends on the collation, so it
    /// cannot be used to merge two databases.
    public static func page(after key: ConversationKey?, newerThan revision: Revision, limit: Int) -> PostgresStatement
    {
        select(shown, after: key, newerThan: revision, limit: limit)
    }

    package static func firstKey(after key: ConversationKey?, newerThan revision: Revision) -> PostgresStatement {
        select(keyColumns.joined(separator: ", "), after: key, newerThan: revision, limit: 1)
    }

    private static func select(
        _ columns: String, after key: ConversationKey?, newerThan revision: Revision, limit: Int
    ) -> PostgresStatement {
        let start = key.map { [$0.userID, $0.chatID, $0.type] } ?? ["", "", ""]
        let source = PullStatement.Source(table: "conversation_states", shown: columns, hasForeignRows: true)
        let end = "ORDER BY user_id, chat_id, conversation_type LIMIT $4::bigint"
        guard revision > .none else {
            return PostgresStatement("\(pull.everything([source]))\n\(end)", start + [String(limit)])
        }
        return PostgresStatement(
            "\(pull.newer([source]))\n\(end)", start + [String(limit), String(revision.rawValue)])
    }

    private static let pull = PullStatement(
        key: "(user_id, chat_id, conversation_type)", order: "user_id, chat_id, conversation_type",
        after: "($1::text, $2::text, $3::text)", revision: "$5::bigint", limit: "$4::bigint")

    /// Empties up to `limit` tombstones made before `moment`, the oldest first. The number of affected rows is that of
    /// the emptied ones. A tombstone that another program changed since is left alone, because its time counts.
    public static func prune(before moment: Timestamp, limit: Int) -> PostgresStatement {
        PostgresStatement(
            """
            UPDATE conversation_states SET current_step = '', state_data = '{}', updated_at = $1::timestamp,
                expires_at = $1::timestamp, last_update_id = NULL, applied_updates = '[]', last_clear = NULL
            WHERE (user_id, id) IN (
                SELECT user_id, id FROM conversation_states AS stored
                WHERE closed AND updated_at > $1::timestamp AND updated_at <= $2::timestamp
                AND NOT \(PostgresColumns.isForeign("stored", times: ["updated_at"]))
                ORDER BY updated_at LIMIT $3::bigint)
            """, [Timestamp.longGone.databaseText, moment.databaseText, String(limit)])
    }

    /// Reads the result of `page`, or of `get` with a limit of 1.
    public static func read(
        _ result: PostgresResult, limit: Int, at now: Timestamp
    ) -> PostgresPage<ConversationRecord> {
        PostgresPage(result, limit: limit, revisionColumn: 8, key: key) { record($0, seenAt: now) }
    }

    package static func key(_ row: PostgresRow) -> ConversationKey {
        ConversationKey(userID: row.text(0) ?? "", chatID: row.text(1) ?? "", type: row.text(2) ?? "")
    }

    private static func record(
        _ row: PostgresRow, seenAt now: Timestamp
    ) -> (record: ConversationRecord, isDated: Bool)? {
        guard let data = row.text(4).flatMap({ try? JSONValue(parsing: $0) })?.objectValue, let stored = row.integer(8)
        else { return nil }
        let version = RowVersion(stored: stored, times: [ForeignTime(row.text(6))], seenAt: now)
        let record = ConversationRecord(
            key: key(row), revision: version.revision, isClosed: row.flag(9) ?? false, step: row.text(3) ?? "",
            data: data, startedAt: version.began(ForeignTime(row.text(5))), updatedAt: version.changedAt,
            expiresAt: ForeignTime(row.text(7)).end, lastUpdateID: row.integer(10),
            appliedUpdates: row.text(11).flatMap(ConversationRecord.appliedUpdates) ?? [],
            lastClearing: row.text(12).flatMap(ConversationRecord.clearing))
        return (record, version.isDated)
    }
}
