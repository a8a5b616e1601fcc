import Contracts

/// The statements about `rivet_store_visits`: which database this is, and what the latest visit left there.
enum StoreVisits {
    static var missing: PostgresError { .connection("contact", .noMark) }

    private static let now = "(now() AT TIME ZONE 'UTC')"

    /// Refused by a database that takes no writes, also where nothing is left to be written.
    static func leave(_ store: Migrator.Store, _ mark: Int64) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO rivet_store_visits (host, store, mark, visit, touched_at) VALUES (0, $1, $2::bigint, 0, \(now))
            ON CONFLICT (host, store) DO NOTHING
            """, [name(store), String(mark)])
    }

    static func read(_ store: Migrator.Store) -> PostgresStatement {
        PostgresStatement(
            """
            SELECT mark, visit, (extract(epoch FROM clock_timestamp()) * 1000)::bigint
            FROM rivet_store_visits WHERE host = 0 AND store = $1
            """, [name(store)])
    }

    static func contact(_ result: PostgresResult) -> TierContact? {
        guard let row = result.rows.first, let mark = row.integer(0), let visit = row.integer(1) else { return nil }
        return TierContact(mark: mark, visit: visit, serverTime: row.integer(2).map(Timestamp.init(milliseconds:)))
    }

    static func touch(_ store: Migrator.Store, _ visit: Int64, _ next: Int64) -> PostgresStatement {
        PostgresStatement(
            """
            UPDATE rivet_store_visits SET visit = $3::bigint, touched_at = \(now)
            WHERE host = 0 AND store = $1 AND visit = $2::bigint
            """, [name(store), String(visit), String(next)])
    }

    private static func name(_ store: Migrator.Store) -> String {
        switch store {
        case .conversations: "conversations"
        case .machines: "machines"
        }
    }
}
