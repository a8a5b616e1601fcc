import Synchronization

/// The statements that the server's session stores parsed, and their names there.
final class PreparedStatements: Sendable {
    private let names = Mutex<[String: String]>([:])

    /// The name is a hash of the text. A pooler may give us a session in which another client uses the name already; it
    /// means the same text there.
    static func name(of sql: String) -> String {
        // FNV-1a, of 64 bits.
        let hash = FNV1a.hash(sql.utf8)
        return "rivet_" + String(hash, radix: 16)
    }

    /// The statements that make the session store them.
    static func preparations(of statements: [String]) -> [PostgresStatement] {
        statements.map { sql in
            var statement = PostgresStatement(sql)
            statement.form = .preparation(name: name(of: sql))
            return statement
        }
    }

    func areKept(_ statements: [String]) {
        names.withLock { $0 = Dictionary(statements.map { ($0, Self.name(of: $0)) }) { first, _ in first } }
    }

    func areLost() { names.withLock { $0 = [:] } }

    /// `batch` with names in place of texts; nil when it has no prepared statement.
    func shortForm(of batch: [PostgresStatement]) -> [PostgresStatement]? {
        names.withLock { names in
            guard !names.isEmpty else { return nil }
            var short = batch
            var isShorter = false
            for index in batch.indices {
                guard let name = names[batch[index].sql] else { continue }
                short[index].form = .prepared(name: name)
                isShorter = true
            }
            return isShorter ? short : nil
        }
    }
}

extension PostgresError {
    /// Whether the session, or another one that a pooler chose, lacks the prepared statement.
    var isUnknownPreparation: Bool { outcome == .refused && sqlState?.code == "26000" }
}
