import Migrations

/// Why a connection or a batch failed.
///
/// Safe in any log, however it is printed: it consists of fixed texts, a SQLSTATE, and the name of one of Rivet's
/// indexes. It never contains the message of libpq or a server, which may quote the user, the password and what a
/// person typed.
public struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The outcome of the batch's changes.
    public enum Outcome: Sendable, Equatable {
        /// The server never got it.
        case notSent
        /// The server rolled it back.
        case refused
        /// It was sent, and it is unknown whether it was committed. Repeat it: every write is idempotent.
        case outcomeUnknown
    }

    public var outcome: Outcome
    public var failure: PostgresFailure
    /// Nil when the connection failed and the server sent no error.
    public var sqlState: SQLState?
    /// The unique index or constraint that was violated, if Rivet made it.
    public var constraint: String?
    /// The position of the refused statement in the batch; the number of statements if the commit was refused.
    public var statement: Int?
    /// The operation that failed, without values.
    public var operation: String
    /// The cause, as a fixed code, for choosing the next step.
    public var cause: PostgresCause

    public var description: String {
        let code = sqlState.map { " (SQLSTATE \($0))" } ?? ""
        let index = constraint.map { " \($0)" } ?? ""
        return "\(operation): \(cause)\(index)\(code)"
    }

    public var debugDescription: String { "\(description) [\(outcome), \(failure), \(cause.rawValue)]" }

    /// The name of a constraint that Rivet's migrations or PostgreSQL make for them; nil for any other name.
    static func constraintOfOurs(_ constraint: String) -> String? {
        let isInMigrations =
            constraint.hasPrefix("idx_")
            && Migration.all.contains { $0.postgreSQL.contains(" INDEX IF NOT EXISTS \(constraint) ") }
        return isInMigrations || implicit.contains(constraint) ? constraint : nil
    }

    /// The constraints that PostgreSQL names.
    private static let implicit: Set<String> = [
        "conversation_states_pkey", "conversation_states_user_id_chat_id_conversation_type_key", "user_machines_pkey",
        "conversation_states_id_key", "user_machines_id_key", "deleted_user_machines_pkey",
        "rivet_store_visits_pkey", "rivet_schema_migrations_pkey",
    ]
}

extension PostgresError {
    /// The error of a batch that was not sent, because the connection ended or was never made.
    var notSent: PostgresError { with(.notSent) }
    /// The error of a batch that was under way when the connection ended.
    var outcomeUnknown: PostgresError { with(.outcomeUnknown) }

    private func with(_ outcome: Outcome) -> PostgresError {
        var error = self
        error.outcome = outcome
        return error
    }

    /// An error of the connection: it was lost, or could not be made.
    static func connection(
        _ operation: String, _ cause: PostgresCause, failure: PostgresFailure = .reconnect, sqlState: SQLState? = nil
    ) -> PostgresError {
        PostgresError(outcome: .notSent, failure: failure, sqlState: sqlState, operation: operation, cause: cause)
    }

    /// A mistake of the caller, found before anything was sent.
    static func malformed(_ operation: String, _ cause: PostgresCause) -> PostgresError {
        PostgresError(outcome: .notSent, failure: .bug, operation: operation, cause: cause)
    }
}
