import CLibpq
import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// Not tests: they print the costs of the connection.
///
/// `RIVET_MEASURE=1 swift test -c release -Xswiftc -enable-testing --filter Measurements`
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["RIVET_MEASURE"] != nil))
struct Measurements {
    private static let turns = 2_000

    private func record(_ revision: Int64) -> ConversationRecord {
        ConversationRecord(
            key: ConversationKey(userID: "\(revision % 50)", chatID: "1"), revision: Revision(rawValue: revision),
            isClosed: false, step: "model", data: ["nickname": "Pump", "manufacturer": "Grundfos"],
            startedAt: Timestamp(milliseconds: 1_795_000_000_000),
            updatedAt: Timestamp(milliseconds: 1_795_000_000_000),
            expiresAt: Timestamp(milliseconds: 1_795_086_400_000), lastUpdateID: revision, appliedUpdates: [],
            lastClearing: nil)
    }

    private func print(_ name: String, _ samples: [Duration]) {
        let sorted = samples.sorted()
        func microseconds(_ share: Double) -> Int {
            Int(sorted[Int(Double(sorted.count - 1) * share)] / .microseconds(1))
        }
        Swift.print("\(name): p50 \(microseconds(0.5)) µs, p99 \(microseconds(0.99)) µs")
    }

    private func migrated(_ url: String) async throws -> PostgresConnection {
        let connection = try await Server.connect(url)
        _ = try await PostgresMigrator(store: .conversations).migrate(connection)
        return connection
    }

    @Test(arguments: [true, false]) func `One upsert: measured against bare libpq`(_ isDurable: Bool) async throws {
        let cluster = try PostgresCluster(isDurable: isDurable)
        let connection = try await migrated(cluster.url())
        let bare = PQconnectdb(cluster.url())
        defer { PQfinish(bare) }
        var ours: [Duration] = []
        var theirs: [Duration] = []
        for turn in 1...Int64(Self.turns) {
            let statement = PostgresConversationTable.put(record(2 * turn))
            ours.append(
                try await ContinuousClock().measure { _ = try await connection.submit([statement]).value.get() })
            let other = PostgresConversationTable.put(record(2 * turn + 1))
            theirs.append(ContinuousClock().measure { Self.block(bare, other) })
        }
        print("one upsert, durable \(isDurable), this connection", ours)
        print("one upsert, durable \(isDurable), bare blocking libpq", theirs)
    }

    private static func block(_ connection: OpaquePointer?, _ statement: PostgresStatement) {
        let texts = statement.parameters.map { $0.flatMap { strdup($0) } }
        defer { texts.forEach { free($0) } }
        let values = texts.map { UnsafePointer<CChar>($0) }
        let result = PQexecParams(connection, statement.sql, Int32(values.count), nil, values, nil, nil, 0)
        precondition(PQresultStatus(result) == PGRES_COMMAND_OK)
        PQclear(result)
    }

    @Test func `Many upserts: measured over a slow network and from 256 clients`() async throws {
        let cluster = try PostgresCluster(isDurable: true)
        let local = try await migrated(cluster.url())
        let proxy = try FaultProxy(to: cluster.port)
        let far = try await Server.connect(cluster.tcpURL(port: proxy.port))
        for milliseconds in [0, 10, 20] {
            proxy.set(milliseconds == 0 ? .pass : .delay(.milliseconds(milliseconds)))
            let statements = (1...200).map { PostgresConversationTable.put(record(Int64(milliseconds * 1_000 + $0))) }
            let one = try await ContinuousClock().measure { _ = try await far.submit(statements).value.get() }
            let each = try await ContinuousClock().measure {
                let promises = statements.map { far.submit([$0], deadline: .seconds(20)) }
                for promise in promises { _ = try await promise.value.get() }
            }
            Swift.print("200 upserts, \(milliseconds) ms each way: one batch \(one), a batch each \(each)")
        }
        let rate = try await ContinuousClock().measure {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<256 {
                    group.addTask {
                        for turn in 0..<20 {
                            _ = try await local.submit([
                                PostgresConversationTable.put(record(Int64(100_000 + client * 20 + turn)))
                            ]).value.get()
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        Swift.print("256 clients, a batch each, local: \(Int(256 * 20 / (rate / .seconds(1)))) upserts/s")
    }

    /// Ten thousand records of each kind are owed to two tiers that come back.
    @Test func `Ten thousand debts: measured until they are paid`() async throws {
        let clusters = try (0..<2).map { _ in try PostgresCluster(isDurable: true) }
        let test = try StoreUnderTest(try await TierDatabases(2, clusters: clusters))
        let (states, library) = (
            try await test.conversations(deadline: .milliseconds(300)),
            try await test.machines(deadline: .milliseconds(300))
        )
        try await states.whole()
        try await library.whole()
        clusters.forEach { $0.kill() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<50 {
                group.addTask {
                    for number in 0..<200 {
                        try await states.save(
                            "\(lane).\(number)", "model", ["nickname": "Pump", "n": .integer(Int64(number))])
                        try await library.add("Machine \(number)", user: "\(lane)")
                    }
                }
            }
            try await group.waitForAll()
        }
        Swift.print("saved; \(states.status.summary)")
        for cluster in clusters { try cluster.start() }
        let start = ContinuousClock.now
        for (name, store) in [("conversations", states), ("machines", library)] as [(String, any StoreWithStatus)] {
            try await eventually("contact", within: .seconds(60)) { store.status.remote.allSatisfy { $0.state == .up } }
            Swift.print("\(name): contact after \(ContinuousClock.now - start)")
            try await store.whole(within: .seconds(120))
            Swift.print("\(name): paid after \(ContinuousClock.now - start)")
        }
        await states.close()
        await library.close()
        try await test.expectEqualTiers()
    }
}
