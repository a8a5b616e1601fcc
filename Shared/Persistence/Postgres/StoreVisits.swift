import Contracts

/// The statements about `rivet_store_visits`, which identifies the database and stores the latest visit of each host.
///
/// A row belongs to the store that left the latest visit (`writer`). Another store with the same host number takes the
/// row over after `letGo`, or ten minutes after the latest visit; until then it writes nothing.
struct StoreVisits {
    static var missing: PostgresError { .connection("contact", .noMark) }
    static var hostNumberTaken: PostgresError { .connection("contact", .hostNumberTaken) }

    private static let now = "(now() AT TIME ZONE 'UTC')"
    /// Whether the row `known` may be written by the store `$2`.
    private static let isOurs = """
        (known.writer IS NULL OR known.writer = $2::bigint OR known.touched_at < \(now) - interval '10 minutes')
        """

    /// The state of this host's row.
    enum Finding: Equatable {
        case contact(TierContact)
        /// The database was emptied.
        case missing
        /// Another store owns the row.
        case taken
    }

    var store: Migrator.Store
    var identity: StoreIdentity

    /// Creates the row or takes it over. A database that accepts no writes refuses this even if nothing would change.
    func leave(_ mark: Int64) -> PostgresStatement {
        PostgresStatement(
            """
            INSERT INTO rivet_store_visits AS known (host, store, mark, visit, writer, touched_at)
            VALUES ($1::smallint, $3, $4::bigint, 0, $2::bigint, \(Self.now))
            ON CONFLICT (host, store) DO UPDATE SET writer = excluded.writer, touched_at = excluded.touched_at
            WHERE \(Self.isOurs)
            """, key + [String(mark)])
    }

    func read() -> PostgresStatement {
        PostgresStatement(
            """
            SELECT mark, visit, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, \(Self.isOurs)
            FROM rivet_store_visits AS known WHERE host = $1::smallint AND store = $3
            """, key)
    }

    func touch(_ visit: Int64, _ next: Int64) -> PostgresStatement {
        PostgresStatement(
            """
            UPDATE rivet_store_visits AS known SET visit = $5::bigint, writer = $2::bigint, touched_at = \(Self.now)
            WHERE host = $1::smallint AND store = $3 AND visit = $4::bigint AND \(Self.isOurs)
            """, key + [String(visit), String(next)])
    }

    /// Allows another store to use the number at once.
    func letGo() -> PostgresStatement {
        PostgresStatement(
            """
            UPDATE rivet_store_visits SET writer = NULL
            WHERE host = $1::smallint AND store = $3 AND writer = $2::bigint
            """, key)
    }

    /// - Parameter result: the result of `read`.
    static func finding(_ result: PostgresResult) -> Finding {
        guard let row = result.rows.first, let mark = row.integer(0), let visit = row.integer(1) else {
            return .missing
        }
        guard row.flag(3) == true else { return .taken }
        return .contact(
            TierContact(mark: mark, visit: visit, serverTime: row.integer(2).map(Timestamp.init(milliseconds:))))
    }

    /// The first three parameters of each statement.
    private var key: [String] {
        let name =
            switch store {
            case .conversations: "conversations"
            case .machines: "machines"
            }
        return [String(identity.host), String(identity.writer), name]
    }
}
