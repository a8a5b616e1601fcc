/// What is to be done about an error of PostgreSQL.
public enum PostgresFailure: Sendable, Equatable, CaseIterable {
    /// The same batch again, on this connection: it met another transaction.
    case retry
    /// The connection is of no use; another may be. What was in flight has an unknown outcome and is repeated.
    case reconnect
    /// The tier takes no writes until somebody or something changes there: the breaker's matter.
    case unusable
    /// A row of that unique key is there already. Repeating does not help.
    case conflict
    /// The statement or its values are wrong, and will be tomorrow. Never opens a breaker.
    case bug

    /// What a statement's SQLSTATE asks for: the code's own line in `table`, else its class's, else `bug`.
    public init(_ state: SQLState) { self = Self.table[state.code] ?? Self.table[state.category] ?? .bug }

    /// What the SQLSTATE of a failed connect asks for.
    ///
    /// No statement of ours has run, so it is no bug of ours: poolers answer `XX000` when their server is away.
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
        "25P02": .reconnect,  // in_failed_sql_transaction: a pooler gave us somebody's session
        "25P03": .reconnect,  // idle_in_transaction_session_timeout
        "26000": .reconnect,  // invalid_sql_statement_name: as 25P02
        "40003": .reconnect,  // statement_completion_unknown
        "57P01": .reconnect,  // admin_shutdown
        "57P02": .reconnect,  // crash_shutdown
        "57P03": .reconnect,  // cannot_connect_now: starting up or shutting down
        "57P05": .reconnect,  // idle_session_timeout
        "42P01": .reconnect,  // undefined_table: the database was emptied; the next contact makes its tables anew

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
