/// What to do about an error of PostgreSQL.
public enum PostgresFailure: Sendable, Equatable, CaseIterable {
    /// Repeat the same batch on this connection: it conflicted with another transaction.
    case retry
    /// The connection cannot be used any more; a new one may work. Batches in flight have an unknown outcome and are
    /// repeated.
    case reconnect
    /// The tier accepts no writes until something changes there. The breaker decides when to try again.
    case unusable
    /// A row with that unique key exists already. Repeating does not help.
    case conflict
    /// The statement or its values are wrong, and will be wrong tomorrow. Never opens a breaker.
    case bug

    /// By the SQLSTATE of a statement: the code's entry in `table`, or else its class's, or else `bug`.
    public init(_ state: SQLState) { self = Self.table[state.code] ?? Self.table[state.category] ?? .bug }

    /// By the SQLSTATE of a failed connection attempt.
    ///
    /// None of our statements has run, so it is not our bug: poolers respond with `XX000` when their server is
    /// unavailable.
    public init(ofConnect state: SQLState) {
        switch PostgresFailure(state) {
        case .retry, .reconnect: self = .reconnect
        case .unusable, .conflict, .bug: self = .unusable
        }
    }

    /// By SQLSTATE, or by class (its first two characters).
    static let table: [String: PostgresFailure] = [
        "40001": .retry,  // serialization_failure
        "40P01": .retry,  // deadlock_detected
        "55P03": .retry,  // lock_not_available: the server's lock_timeout
        "57014": .retry,  // query_canceled: the server's statement_timeout

        "08": .reconnect,  // connection exceptions; 08P01 is also what older PgBouncers send for their own errors
        "25P02": .reconnect,  // in_failed_sql_transaction: a pooler gave us another client's session
        "25P03": .reconnect,  // idle_in_transaction_session_timeout
        "26000": .reconnect,  // invalid_sql_statement_name: as 25P02
        "40003": .reconnect,  // statement_completion_unknown
        "57P01": .reconnect,  // admin_shutdown
        "57P02": .reconnect,  // crash_shutdown
        "57P03": .reconnect,  // cannot_connect_now: starting up or shutting down
        "57P05": .reconnect,  // idle_session_timeout
        "42P01": .reconnect,  // undefined_table: the database was emptied; the next contact creates its tables again

        "25006": .unusable,  // read_only_sql_transaction: a standby, or a disk quota
        "28": .unusable,  // authorization: password, pg_hba.conf
        "3D000": .unusable,  // invalid_catalog_name: no such database
        "42501": .unusable,  // insufficient_privilege: as 28, though of the class of our bugs
        "53": .unusable,  // out of disk, of memory, of connections
        "57P04": .unusable,  // database_dropped
        "58": .unusable,  // system errors: I/O, missing files
        "XX001": .unusable,  // data_corrupted
        "XX002": .unusable,  // index_corrupted

        "23505": .conflict,  // unique_violation
    ]
}
