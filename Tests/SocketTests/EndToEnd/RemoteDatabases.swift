import Contracts
import Foundation
import Persistence
import TestSupport
import Testing

/// Up to three PostgreSQL databases for the services, each behind a proxy that can fail on demand.
struct RemoteDatabases {
    private static let shared = Result { try PostgresCluster() }
    static let variables = ["NEON_DATABASE_URL", "SUPABASE_DATABASE_URL", "RAILWAY_DATABASE_URL"]

    let cluster: PostgresCluster
    let names: [String]
    let proxies: [FaultProxy]

    /// - Parameter cluster: a server that only this test uses; nil for the one that tests share and do not stop.
    init(_ count: Int, in cluster: PostgresCluster? = nil) async throws {
        self.cluster = try cluster ?? Self.shared.get()
        names = (0..<count).map { _ in "rivet_\(UInt64.random(in: 0...UInt64.max))" }
        let port = self.cluster.port
        proxies = try names.map { _ in try FaultProxy(to: port) }
        for name in names { try await Self.run("CREATE DATABASE \(name)", self.cluster.url()) }
    }

    /// The environment of the services.
    var environment: [String: String] {
        var environment = ["RIVET_REMOTE_DEADLINE": "400ms"]
        for (index, name) in names.enumerated() {
            environment[Self.variables[index]] = cluster.tcpURL(database: name, port: proxies[index].port)
        }
        return environment
    }

    func set(_ behaviour: FaultProxy.Behaviour) { proxies.forEach { $0.set(behaviour) } }

    /// Lets all bytes pass, and ends connections that hang.
    func heal() {
        set(.pass)
        proxies.forEach { $0.reset() }
    }

    /// The rows that SQL returns, past the proxy.
    func rows(_ sql: String, on index: Int = 0) async throws -> [[String?]] {
        try await Self.run(sql, cluster.url(database: names[index])).rows.map(\.columns)
    }

    @discardableResult
    private static func run(_ sql: String, _ url: String) async throws -> PostgresResult {
        let connection = try await PostgresConnection.open(
            try PostgresTarget(url: url), deadline: .seconds(10)
        ) { _ in }.value.get()
        defer { connection.close() }
        return try await connection.submit([PostgresStatement(sql)], deadline: .seconds(20)).value.get()[0]
    }
}

extension RivetUnderTest {
    /// Waits until both services' tiers are up and lack nothing.
    func waitUntilWhole(within limit: Duration = .seconds(40)) async throws {
        for process in [state, library] {
            var last = JSONValue.null
            do {
                try await eventually("\(process.binary.rawValue)'s tiers have everything", within: limit) {
                    last = try process.client().result("service.health")
                    return last["status"] == "ok"
                        && last["tiers"]?.arrayValue?.allSatisfy { $0["pending"] == 0 && $0["state"] == "up" } == true
                }
            } catch { throw NotInTime(description: "\(error): \(last.text)") }
        }
    }

    /// Stops all three services, and checks that every tier has `entries` of `user`, and the same rows.
    func expectTiers(
        of user: Int64, _ entries: [MachineEntry], _ databases: RemoteDatabases,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await waitUntilWhole()
        try expectRows(of: user, entries, sourceLocation: sourceLocation)
        let localStates = try Database(state.databasePath).rows(
            """
            SELECT user_id, chat_id, conversation_type, revision, iif(closed, 't', 'f'), current_step, updated_at
            FROM conversation_states ORDER BY user_id, chat_id, conversation_type
            """)
        let localMachines = try Database(library.databasePath).rows(
            "SELECT machine_id, revision, nickname, notes, updated_at FROM user_machines ORDER BY machine_id")
        for index in databases.names.indices {
            let states = try await databases.rows(
                """
                SELECT user_id, chat_id, conversation_type, revision, closed, current_step,
                    to_char(updated_at, 'YYYY-MM-DD HH24:MI:SS.MS')
                FROM conversation_states ORDER BY user_id, chat_id, conversation_type
                """, on: index)
            #expect(states == localStates, "tier \(index)", sourceLocation: sourceLocation)
            let machines = try await databases.rows(
                """
                SELECT machine_id, revision, nickname, notes, to_char(updated_at, 'YYYY-MM-DD HH24:MI:SS.MS')
                FROM user_machines ORDER BY machine_id
                """, on: index)
            #expect(machines == localMachines, "tier \(index)", sourceLocation: sourceLocation)
            let told = try await databases.rows(
                """
                SELECT nickname, manufacturer, model_number, serial_number, location, notes, photo_file_id
                FROM user_machines WHERE user_id = '\(user)' ORDER BY created_at
                """, on: index)
            #expect(told == entries.map(\.row), "tier \(index)", sourceLocation: sourceLocation)
            // All columns that a database does not generate are the same in every database.
            for table in ["conversation_states", "user_machines"] {
                let sql = """
                    SELECT md5(string_agg(row, '|' ORDER BY row COLLATE "C"))
                    FROM (SELECT (to_jsonb(stored) - 'id')::text AS row FROM \(table) AS stored) AS rows
                    """
                let (first, this) = (try await databases.rows(sql), try await databases.rows(sql, on: index))
                #expect(first == this, "\(table) of tier \(index)", sourceLocation: sourceLocation)
            }
        }
    }
}
