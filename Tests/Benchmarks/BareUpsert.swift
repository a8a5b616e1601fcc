import CLibpq
import Glibc
import Migrations

/// The floor of a write to PostgreSQL: one upsert of a conversation's row, with only libpq, on a separate connection,
/// in the table of the tiers. One at a time: each is sent after the response to the one before.
final class BareUpsert {
    struct Failure: Error { var message: String }

    private let connection: OpaquePointer
    private var count: Int64 = 0
    private static let sql = """
        INSERT INTO conversation_states (user_id, chat_id, conversation_type, current_step, state_data, started_at,
            updated_at, expires_at, revision, closed, last_update_id, applied_updates)
        VALUES ($1, $1, 'bare', 'serial', $2::jsonb, '2026-11-22 09:30:00.250', $3::timestamp, $3::timestamp,
            $4::bigint, FALSE, $4::bigint, $5::jsonb)
        ON CONFLICT (user_id, chat_id, conversation_type) DO UPDATE SET state_data = excluded.state_data,
            updated_at = excluded.updated_at, expires_at = excluded.expires_at, revision = excluded.revision,
            last_update_id = excluded.last_update_id, applied_updates = excluded.applied_updates
        """

    init(url: String) throws {
        guard let connection = PQconnectdb(url), PQstatus(connection) == CONNECTION_OK else {
            throw Failure(message: "no connection")
        }
        self.connection = connection
        for migration in Migration.all(of: .conversations) {
            PQclear(PQexec(connection, migration.postgreSQL))
        }
    }

    deinit { PQfinish(connection) }

    func upsert(user: Int, data: String) throws {
        count += 1
        let moment = "2026-11-22 09:\(10 + count / 60_000 % 50):\(10 + count / 1_000 % 50).\(100 + count % 900)"
        let applied =
            "["
            + (0..<8 as Range<Int64>).map { "[\(count + $0),117660319592611840,1795440397690]" }.joined(separator: ",")
            + "]"
        let texts = ["\(user)", data, moment, "\(count)", applied]
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let values = copies.map { UnsafePointer<CChar>($0) }
        let result = PQexecParams(connection, Self.sql, Int32(values.count), nil, values, nil, nil, 0)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else {
            throw Failure(message: String(cString: PQerrorMessage(connection)))
        }
    }
}
