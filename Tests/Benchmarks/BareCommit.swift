import CSQLite
import Migrations

/// The floor of a durable write: one upsert of a conversation's row, in WAL mode with synchronous=FULL, with only
/// libsqlite3, in a table with the same columns and indexes.
final class BareCommit {
    struct Failure: Error { var message: String }

    private var database: OpaquePointer?
    private var statement: OpaquePointer?
    private var count: Int64 = 0

    init(path: String) throws {
        guard sqlite3_open(path, &database) == SQLITE_OK else { throw Failure(message: "cannot open \(path)") }
        try execute("PRAGMA journal_mode = WAL")
        try execute("PRAGMA synchronous = FULL")
        for migration in Migration.all(of: .conversations) { try execute(migration.sqlite) }
        let sql = """
            INSERT INTO conversation_states (user_id, chat_id, conversation_type, current_step, state_data, started_at,
                updated_at, expires_at, revision, closed, last_update_id, applied_updates)
            VALUES (?1, ?1, 'add_machine', 'serial', ?2, '2026-11-22 09:30:00.250', ?3, ?3, ?4, 0, ?4, ?5)
            ON CONFLICT (user_id, chat_id, conversation_type) DO UPDATE SET state_data = excluded.state_data,
                updated_at = excluded.updated_at, expires_at = excluded.expires_at, revision = excluded.revision,
                last_update_id = excluded.last_update_id, applied_updates = excluded.applied_updates
            """
        guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK else {
            throw Failure(message: String(cString: sqlite3_errmsg(database)))
        }
    }

    deinit {
        sqlite3_finalize(statement)
        sqlite3_close(database)
    }

    /// Commits a new revision of the row of `user`, with as many remembered updates as Rivet stores.
    func commit(user: Int, data: String) throws {
        count += 1
        let moment = "2026-11-22 09:30:\((count / 1_000 % 60).twoDigits).\((count % 1_000).threeDigits)"
        let applied =
            "["
            + (0..<8 as Range<Int64>).map { "[\(count + $0),117660319592611840,1795440397690]" }.joined(separator: ",")
            + "]"
        sqlite3_reset(statement)
        for (index, text) in [(1, "\(user)"), (2, data), (3, moment), (5, applied)] {
            sqlite3_bind_text(statement, Int32(index), text, -1, rivet_sqlite_transient())
        }
        sqlite3_bind_int64(statement, 4, count)
        guard sqlite3_step(statement) == SQLITE_DONE else {
            throw Failure(message: String(cString: sqlite3_errmsg(database)))
        }
    }

    private func execute(_ sql: String) throws {
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
            throw Failure(message: String(cString: sqlite3_errmsg(database)))
        }
    }
}

extension Int64 {
    fileprivate var twoDigits: String { self < 10 ? "0\(self)" : "\(self)" }
    fileprivate var threeDigits: String { self < 10 ? "00\(self)" : self < 100 ? "0\(self)" : "\(self)" }
}
