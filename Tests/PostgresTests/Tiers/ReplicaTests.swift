import Contracts
import TestSupport
import Testing

@testable import Persistence

/// A managed database that fails over to a replica that lacks the last seconds. The replica has the same address, mark
/// and visit.
@Suite(.serialized, .needsPostgres)
struct ReplicaTests {
    private func nicknames(_ replica: PostgresCluster, _ name: String) async throws -> [String?] {
        let connection = try await Server.connect(replica.url(database: name))
        defer { connection.close() }
        return try await connection.run("SELECT nickname FROM user_machines ORDER BY nickname").rows.map { $0.text(0) }
    }

    /// While the store runs, and while it is stopped.
    @Test(arguments: [false, true])
    func `A failover to a replica that lags: what was acknowledged is in it again`(_ isStopped: Bool) async throws {
        let primary = try PostgresCluster()
        let test = try StoreUnderTest(try await TierDatabases(1, clusters: [primary]))
        let name = test.databases.names[0]
        var store = try await test.machines()
        try await store.add("Pump")
        try await store.whole()
        let replica = try PostgresCluster(copyOf: primary)
        #expect(try await store.add("Valve").machine.storedIn.contains(.neon))
        try await store.whole()
        if isStopped { await store.close() }
        test.databases.proxies[0].lead(to: replica.port)
        primary.kill()
        #expect(try await nicknames(replica, name) == ["Pump"])
        if isStopped { store = try await test.machines() }
        try await store.add("Mill")
        try await store.whole()
        #expect(try await nicknames(replica, name) == ["Mill", "Pump", "Valve"])
        await store.close()
    }
}
