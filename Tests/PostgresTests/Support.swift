import Contracts
import Persistence
import TestSupport
import Testing

/// The tests that need a server. They share one and run one after another, because some of them stop it.
@Suite(.serialized, .enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed"))
struct ServerTests {}

enum Server {
    private static let shared = Result { try PostgresCluster() }

    static var cluster: PostgresCluster { get throws { try shared.get() } }

    static func connect(
        _ url: String, deadline: Duration = .seconds(10), ended: @escaping @Sendable (PostgresError) -> Void = { _ in }
    ) async throws -> PostgresConnection {
        try await PostgresConnection.open(try PostgresTarget(url: url), deadline: deadline, ended: ended).value.get()
    }

    /// The error of a connection attempt that must fail.
    static func refusal(_ url: String, deadline: Duration = .seconds(10)) async throws -> PostgresError {
        let outcome = await PostgresConnection.open(try PostgresTarget(url: url), deadline: deadline).value
        guard case .failure(let error) = outcome else { throw ChildProcess.Failure(description: "connected to \(url)") }
        return error
    }

    /// A new database, and its name.
    static func database() async throws -> String {
        let name = "test_\(UInt64.random(in: 0...UInt64.max))"
        let connection = try await connect(try cluster.url())
        try await connection.run("CREATE DATABASE \(name)")
        return name
    }

    /// A connection to a new, empty database.
    static func freshDatabase() async throws -> PostgresConnection {
        try await connect(try cluster.url(database: try await database()))
    }

    /// A connection to a new database with the tables of both services.
    static func migratedDatabase() async throws -> PostgresConnection {
        let connection = try await freshDatabase()
        for store in [Migrator.Store.conversations, .machines] {
            _ = try await PostgresMigrator(store: store).migrate(connection)
        }
        return connection
    }
}

extension PostgresConnection {
    /// Runs one statement as one transaction.
    @discardableResult
    func run(_ sql: String, _ parameters: [String?] = []) async throws -> PostgresResult {
        try await run(PostgresStatement(sql, parameters))
    }

    @discardableResult
    func run(_ statement: PostgresStatement) async throws -> PostgresResult {
        try await submit([statement], deadline: .seconds(20)).value.get()[0]
    }

    /// The error of a batch that must fail.
    func refusal(
        _ batch: [PostgresStatement], deadline: Duration = .seconds(20)
    ) async throws -> PostgresError {
        guard case .failure(let error) = await submit(batch, deadline: deadline).value else {
            throw ChildProcess.Failure(description: "\(batch.map(\.sql)) was done")
        }
        return error
    }
}

extension Revision {
    /// The revision of a row with the times of these tests. It is not below them, since Rivet's revisions never are.
    init(number: Int64) {
        self.init(rawValue: Revision(at: Timestamp(milliseconds: 1_795_000_101_000)).rawValue + number)
    }
}

extension PostgresTable {
    /// Reads rows as seen at a moment later than all rows of these tests.
    static func read(_ result: PostgresResult, limit: Int) -> PostgresPage<Record> {
        read(result, limit: limit, at: Timestamp(milliseconds: 1_800_000_000_000))
    }
}
