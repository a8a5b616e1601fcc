import Glibc

/// One SQL statement with its parameters (`$1` and so on) as text.
public struct PostgresStatement: Sendable, Equatable {
    public var sql: String
    /// Nil is NULL. U+0000 is not allowed: PostgreSQL's text cannot contain it.
    public var parameters: [String?]
    /// How the connection sends it.
    var form = Form.whole

    enum Form: Sendable, Equatable {
        /// Parsed and planned each time.
        case whole
        /// Only parsed, and stored in the server's session under this name. Has no parameters.
        case preparation(name: String)
        /// Runs the statement that the session stores under this name, with the parameters.
        case prepared(name: String)
    }

    public init(_ sql: String, _ parameters: [String?] = []) {
        self.sql = sql
        self.parameters = parameters
    }

    /// Whether it contains NUL, at which libpq, which uses C strings, would truncate it.
    var containsNUL: Bool { Self.containsNUL(sql) || parameters.contains { $0.map(Self.containsNUL) ?? false } }

    private static func containsNUL(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false }
    }
}

/// The result of one statement.
public struct PostgresResult: Sendable, Equatable {
    public var rows: [PostgresRow]
    /// The number of rows that it inserted, updated or deleted; for a SELECT, the number that it returned.
    public var affectedRows: Int
}

/// The columns of one row, as text.
public struct PostgresRow: Sendable, Equatable {
    public var columns: [String?]

    public func text(_ column: Int) -> String? { columns[column] }
    /// Nil for NULL and for text that is not a 64-bit integer.
    public func integer(_ column: Int) -> Int64? { columns[column].flatMap { Int64($0) } }
    /// Nil for NULL.
    public func flag(_ column: Int) -> Bool? { columns[column].map { $0 == "t" } }
}
