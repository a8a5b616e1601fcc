/// Why a connection or a batch came to nothing.
///
/// `description` is safe in any log: no value of a row, no password. What the server said of a row is in
/// `debugDescription`.
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
    /// The unique index or constraint that was violated.
    public var constraint: String?
    /// Which of the batch's statements was refused; their number when the commit was.
    public var statement: Int?
    /// What was being done: no values.
    public var operation: String
    /// May quote values of a row when `quotesRow`.
    public var detail: String

    /// Whether the server's words may hold what a person typed: those about values and constraints do.
    private var quotesRow: Bool { outcome == .refused && (failure == .conflict || failure == .bug) }

    public var description: String {
        let code = sqlState.map { " (SQLSTATE \($0))" } ?? ""
        let cause = quotesRow ? constraint.map { "violates \($0)" } ?? "refused" : detail
        return "\(operation): \(cause)\(code)"
    }

    public var debugDescription: String { "\(description) [\(outcome), \(failure)] \(detail)" }
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
        _ operation: String, _ detail: String, failure: PostgresFailure = .reconnect, sqlState: SQLState? = nil
    ) -> PostgresError {
        PostgresError(
            outcome: .notSent, failure: failure, sqlState: sqlState, operation: operation, detail: detail)
    }

    /// The caller's mistake, seen before anything was sent.
    static func malformed(_ operation: String, _ detail: String) -> PostgresError {
        PostgresError(outcome: .notSent, failure: .bug, operation: operation, detail: detail)
    }
}
