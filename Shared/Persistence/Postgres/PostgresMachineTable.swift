public import Contracts

/// `user_machines` and `deleted_user_machines` in PostgreSQL: their statements, and how their rows are read.
///
/// A machine is in one of the two. Two programs that write the same machine at the same moment may leave it in both.
/// Then the higher revision counts, and the next `put` of the machine, or a repeated one, corrects it.
public enum PostgresMachineTable: PostgresTable {
    package static let store = Migrator.Store.machines
    package static let repeated = [putLive, putDeleted]

    private static let columns = [
        "machine_id", "request_id", "revision", "user_id", "nickname", "manufacturer", "model_number", "serial_number",
        "location", "notes", "photo_file_id", "ocr_data", "created_at", "updated_at", "renamed_from",
    ]
    private static let columnList = columns.joined(separator: ", ")
    /// The columns outside the key.
    private static let changing = columns.filter { !["machine_id", "user_id"].contains($0) }
    /// The parameters in the order of `columns`.
    private static let values = """
        $1::uuid, $2::uuid, $3::bigint, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text, \
        $11::text, $12::jsonb, $13::timestamp, $14::timestamp, $15::text
        """
    /// The effective revision of a row of `user_machines`. In the other table Rivet wrote every row.
    private static let revision = PostgresColumns.revision(of: "stored", times: ["updated_at", "created_at"])
    private static let isOlder = "stored.revision < $3::bigint AND \(revision) <= $3::bigint"

    private static let putLive = """
        WITH revived AS (
            DELETE FROM deleted_user_machines WHERE user_id = $4 AND machine_id = $1::uuid AND revision < $3::bigint)
        INSERT INTO user_machines AS stored (\(columnList), nickname_key)
        SELECT \(values), $16::text
        WHERE NOT EXISTS (
            SELECT FROM deleted_user_machines WHERE user_id = $4 AND machine_id = $1::uuid AND revision >= $3::bigint)
        ON CONFLICT (user_id, machine_id) DO UPDATE SET
            \(PostgresColumns.takeOver(changing + ["nickname_key"]))
        WHERE \(isOlder)
        RETURNING machine_id
        """
    private static let putDeleted = """
        WITH gone AS (
            DELETE FROM user_machines AS stored WHERE user_id = $4 AND machine_id = $1::uuid AND \(isOlder))
        INSERT INTO deleted_user_machines AS buried (\(columnList), deleted_at)
        SELECT \(values), $16::timestamp
        WHERE NOT EXISTS (
            SELECT FROM user_machines AS stored WHERE user_id = $4 AND machine_id = $1::uuid AND NOT (\(isOlder)))
        ON CONFLICT (user_id, machine_id) DO UPDATE SET
            \(PostgresColumns.takeOver(changing + ["deleted_at"]))
        WHERE buried.revision < excluded.revision
        RETURNING machine_id
        """
    private static func shown(deletedAt: String) -> String {
        let shown = columns.map { $0.hasSuffix("_at") ? PostgresColumns.time($0) : $0 }
        return (["machine_id AS key", "revision AS version"] + shown + [deletedAt]).joined(separator: ", ")
    }
    private static let live = PullStatement.Source(
        table: "user_machines", shown: shown(deletedAt: "NULL"), hasForeignRows: true)
    /// A row of this table is deleted, even if it has no valid time.
    private static let deleted = PullStatement.Source(
        table: "deleted_user_machines",
        shown: shown(deletedAt: "coalesce(\(PostgresColumns.time("deleted_at")), 'unknown')"),
        hasForeignRows: false)
    private static let shownLive = "SELECT \(live.shown) FROM \(live.table)"
    private static let shownDeleted = "SELECT \(deleted.shown) FROM \(deleted.table)"
    /// Below the UUID of every machine.
    private static let nilUUID = "00000000-0000-0000-0000-000000000000"

    /// Stores `record` unless a revision as high or higher is there, live or deleted. Then no row is affected, so a
    /// repeated statement changes nothing. The row of a deleted machine moves to the other table, that of a restored
    /// one back.
    ///
    /// Refused when another machine of that user has the nickname; `isNicknameClash` recognizes that error.
    public static func put(_ record: MachineRecord) -> PostgresStatement {
        let texts = record.details.texts
        return PostgresStatement(
            record.isDeleted ? putDeleted : putLive,
            [
                record.id, record.requestID, String(record.revision.rawValue), record.userID, record.details.nickname,
                texts[.manufacturer], texts[.modelNumber], texts[.serialNumber], texts[.location], texts[.notes],
                texts[.photoFileID], record.details.ocrData?.text, record.createdAt.databaseText,
                record.updatedAt.databaseText, record.renamedFrom,
                record.deletedAt?.databaseText ?? record.nicknameKey,
            ])
    }

    public static func get(_ id: String) -> PostgresStatement {
        PostgresStatement(
            """
            \(shownLive) WHERE machine_id = $1::uuid UNION ALL \(shownDeleted) WHERE machine_id = $1::uuid
            ORDER BY version DESC LIMIT 1
            """, [id])
    }

    package static func rows(of ids: [String]) -> PostgresStatement {
        PostgresStatement(
            """
            \(shownLive) WHERE machine_id = ANY($1::uuid[]) UNION ALL \(shownDeleted) WHERE machine_id = ANY($1::uuid[])
            """, ["{\(ids.joined(separator: ","))}"])
    }

    /// Up to `limit` machines after `id`, live and deleted, that are newer than `revision` or that another program
    /// wrote; all of them for `Revision.none`. In the order of their ids.
    public static func page(after id: String?, newerThan revision: Revision, limit: Int) -> PostgresStatement {
        select([live, deleted], after: id, newerThan: revision, limit: limit)
    }

    package static func firstKey(after id: String?, newerThan revision: Revision) -> PostgresStatement {
        var sources = [live, deleted]
        for index in sources.indices { sources[index].shown = "machine_id AS key, revision AS version" }
        return select(sources, after: id, newerThan: revision, limit: 1)
    }

    package static func key(_ row: PostgresRow) -> String { row.text(0) ?? "" }

    private static func select(
        _ sources: [PullStatement.Source], after id: String?, newerThan revision: Revision, limit: Int
    ) -> PostgresStatement {
        let end = "ORDER BY key, version DESC LIMIT $2::bigint"
        guard revision > .none else {
            return PostgresStatement("\(pull.everything(sources))\n\(end)", [id ?? nilUUID, String(limit)])
        }
        return PostgresStatement(
            "\(pull.newer(sources))\n\(end)", [id ?? nilUUID, String(limit), String(revision.rawValue)])
    }

    private static let pull = PullStatement(
        key: "machine_id", order: "machine_id", after: "$1::uuid", revision: "$3::bigint", limit: "$2::bigint")

    /// Moves the row that `record` will replace out of the way of other nicknames, until the end of the batch.
    package static func makeWay(for record: MachineRecord) -> PostgresStatement? {
        guard !record.isDeleted else { return nil }
        return PostgresStatement(
            """
            UPDATE user_machines AS stored SET nickname = chr(1) || machine_id
            WHERE user_id = $4 AND machine_id = $1::uuid AND nickname <> $2 AND \(isOlder)
            """, [record.id, record.details.nickname, String(record.revision.rawValue), record.userID])
    }

    /// Each machine needs a separate statement, because it concerns two tables.
    package static func putAll(_ records: [MachineRecord]) -> PostgresStatement? { nil }

    package static func refusal(_ error: PostgresError) -> TierRefusal.Kind {
        isNicknameClash(error) ? .clash : .bug
    }

    package static func rival(of record: MachineRecord) -> PostgresStatement? {
        owner(of: record.details.nickname, userID: record.userID)
    }

    /// The machine of the user that has this nickname; any program may have stored it.
    public static func owner(of nickname: String, userID: String) -> PostgresStatement {
        PostgresStatement("\(shownLive) WHERE user_id = $1 AND nickname = $2", [userID, nickname])
    }

    /// Empties up to `limit` tombstones made before `moment`, the oldest first. The number of affected rows is that of
    /// the emptied ones.
    public static func prune(before moment: Timestamp, limit: Int) -> PostgresStatement {
        PostgresStatement(
            """
            UPDATE deleted_user_machines SET nickname = '', manufacturer = NULL, model_number = NULL,
                serial_number = NULL, location = NULL, notes = NULL, photo_file_id = NULL, ocr_data = NULL,
                renamed_from = NULL, created_at = $1::timestamp, updated_at = $1::timestamp, deleted_at = $1::timestamp
            WHERE (user_id, machine_id) IN (
                SELECT user_id, machine_id FROM deleted_user_machines
                WHERE deleted_at > $1::timestamp AND deleted_at <= $2::timestamp
                ORDER BY deleted_at LIMIT $3::bigint)
            """, [Timestamp.longGone.databaseText, moment.databaseText, String(limit)])
    }

    /// Whether `put` was refused because another machine of that user has the nickname.
    public static func isNicknameClash(_ error: PostgresError) -> Bool {
        error.failure == .conflict && error.constraint == "idx_user_machines_nickname"
    }

    /// Reads the result of `page`, or of `get` and `owner` with a limit of 1.
    public static func read(
        _ result: PostgresResult, limit: Int, at now: Timestamp
    ) -> PostgresPage<MachineRecord> {
        PostgresPage(result, limit: limit, revisionColumn: 1, key: key) { record($0, seenAt: now) }
    }

    private static func record(_ row: PostgresRow, seenAt now: Timestamp) -> (record: MachineRecord, isDated: Bool)? {
        let ocrText = row.text(13)
        let ocrData = ocrText.flatMap { try? JSONValue(parsing: $0) }
        guard let id = row.text(2), let stored = row.integer(4), ocrText == nil || ocrData != nil else { return nil }
        var details = MachineDetails(nickname: row.text(6) ?? "", ocrData: ocrData)
        for (column, field) in [
            (7, MachineField.manufacturer), (8, .modelNumber), (9, .serialNumber), (10, .location), (11, .notes),
            (12, .photoFileID),
        ] { details.texts[field] = row.text(column) }
        let created = ForeignTime(row.text(14))
        let version = RowVersion(stored: stored, times: [ForeignTime(row.text(15)), created], seenAt: now)
        let record = MachineRecord(
            id: id, requestID: row.text(3), revision: version.revision, userID: row.text(5) ?? "", details: details,
            createdAt: version.began(created), updatedAt: version.changedAt,
            deletedAt: RowVersion.deleted(row.text(17), seenAt: now), renamedFrom: row.text(16))
        return (record, version.isDated)
    }
}
