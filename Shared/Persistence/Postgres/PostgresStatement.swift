import Glibc

/// One SQL statement with its parameters, `$1` and on, as PostgreSQL reads them from text.
public struct PostgresStatement: Sendable, Equatable {
    public var sql: String
    /// Nil is NULL. No U+0000: PostgreSQL's text has none.
    public var parameters: [String?]
    /// How the connection sends it.
    var form = Form.whole

    enum Form: Sendable, Equatable {
        /// Parsed and planned each time.
        case whole
        /// Only parsed, and kept by the server's session under this name. Has no parameters.
        case preparation(name: String)
        /// What the session keeps under this name is done with the parameters.
        case prepared(name: String)
    }

    public init(_ sql: String, _ parameters: [String?] = []) {
        self.sql = sql
        self.parameters = parameters
    }

    /// Whether libpq, which takes C strings, would cut it short.
    var containsNUL: Bool { Self.containsNUL(sql) || parameters.contains { $0.map(Self.containsNUL) ?? false } }

    private static func containsNUL(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false }
    }
}

/// What one statement brought.
public struct PostgresResult: Sendable, Equatable {
    public var rows: [PostgresRow]
    /// How many rows it inserted, updated or deleted; for a SELECT, how many it returned.
    public var affectedRows: Int
}

/// The columns of one row, as text.
public struct PostgresRow: Sendable, Equatable {
    public var columns: [String?]

    public func text(_ column: Int) -> String? { columns[column] }
    /// Nil for NULL and for what is no whole number of 64 bits.
    public func integer(_ column: Int) -> Int64? { columns[column].flatMap { Int64($0) } }
    /// Nil for NULL.
    public func flag(_ column: Int) -> Bool? { columns[column].map { $0 == "t" } }
}
