import Synchronization

/// The statements that the server's session keeps parsed, and the names that it knows them by.
final class PreparedStatements: Sendable {
    private let names = Mutex<[String: String]>([:])

    /// The name tells the text. A pooler may give us a session in which somebody has used it already: it means the same there.
    static func name(of sql: String) -> String {
        // FNV-1a, of 64 bits.
        let hash = FNV1a.hash(sql.utf8)
        return "rivet_" + String(hash, radix: 16)
    }

    /// What makes the session keep them.
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

    /// `batch` with names in place of texts; nil when it has no statement that is kept.
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
    /// Whether the session, or another one that a pooler took, does not keep what was prepared.
    var isUnknownPreparation: Bool { outcome == .refused && sqlState?.code == "26000" }
}
