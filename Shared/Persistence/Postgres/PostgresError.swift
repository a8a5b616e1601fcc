import Migrations

/// Why a connection or a batch came to nothing.
///
/// Safe in any log, in whatever way it is printed: made of Rivet's own words, a SQLSTATE, and the name of an index of
/// ours. What libpq or a server said is not in it: that may quote the user, the password and what a person typed.
public struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    /// What became of the batch's changes.
    public enum Outcome: Sendable, Equatable {
        /// The server never got it.
        case notSent
        /// The server undid it.
        case refused
        /// It was sent, and whether it was committed nobody can tell: repeat it, every write is idempotent.
        case outcomeUnknown
    }

    public var outcome: Outcome
    public var failure: PostgresFailure
    /// Nil when the trouble is the connection's and the server said nothing.
    public var sqlState: SQLState?
    /// The unique index or constraint that was violated, if it is one of ours.
    public var constraint: String?
    /// Which of the batch's statements was refused; their number when the commit was.
    public var statement: Int?
    /// What was being done: no values.
    public var operation: String
    /// What it comes from, in words that are the same each time: for the next step.
    public var cause: PostgresCause

    public var description: String {
        let code = sqlState.map { " (SQLSTATE \($0))" } ?? ""
        let index = constraint.map { " \($0)" } ?? ""
        return "\(operation): \(cause)\(index)\(code)"
    }

    public var debugDescription: String { "\(description) [\(outcome), \(failure), \(cause.rawValue)]" }

    /// The name of a constraint as our migrations and PostgreSQL make them; nil for one that a server made up.
    static func constraintOfOurs(_ constraint: String) -> String? {
        let isInMigrations =
            constraint.hasPrefix("idx_")
            && Migration.all.contains { $0.postgreSQL.contains(" INDEX IF NOT EXISTS \(constraint) ") }
        return isInMigrations || implicit.contains(constraint) ? constraint : nil
    }

    /// Those that PostgreSQL names.
    private static let implicit: Set<String> = [
        "conversation_states_pkey", "conversation_states_user_id_chat_id_conversation_type_key", "user_machines_pkey",
        "conversation_states_id_key", "user_machines_id_key", "deleted_user_machines_pkey",
        "rivet_store_visits_pkey", "rivet_schema_migrations_pkey",
    ]
}

extension PostgresError {
    /// A batch that did not leave, because the connection ended or never was.
    var notSent: PostgresError { with(.notSent) }
    /// A batch that was under way when the connection ended.
    var outcomeUnknown: PostgresError { with(.outcomeUnknown) }

    private func with(_ outcome: Outcome) -> PostgresError {
        var error = self
        error.outcome = outcome
        return error
    }

    /// The connection is lost, or could not be made.
    static func connection(
        _ operation: String, _ cause: PostgresCause, failure: PostgresFailure = .reconnect, sqlState: SQLState? = nil
    ) -> PostgresError {
        PostgresError(outcome: .notSent, failure: failure, sqlState: sqlState, operation: operation, cause: cause)
    }

    /// The caller's mistake, seen before anything was sent.
    static func malformed(_ operation: String, _ cause: PostgresCause) -> PostgresError {
        PostgresError(outcome: .notSent, failure: .bug, operation: operation, cause: cause)
    }
}
