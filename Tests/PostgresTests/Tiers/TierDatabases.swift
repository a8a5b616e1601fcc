import Contracts
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Persistence

extension Trait where Self == ConditionTrait {
    static var needsPostgres: ConditionTrait {
        .enabled(if: PostgresCluster.isInstalled, "PostgreSQL is not installed")
    }
}

/// Up to three databases of a real server, each behind a proxy that a test can make fail. Tests share the server and do
/// not stop it. Each test has its own databases and proxies.
final class TierDatabases: Sendable {
    private static let shared = Result { try PostgresCluster() }
    static var cluster: PostgresCluster { get throws { try shared.get() } }
    static let tierNames = [TierName.neon, .supabase, .railway]

    let clusters: [PostgresCluster]
    let names: [String]
    let proxies: [FaultProxy]
    let targets: [(name: TierName, target: PostgresTarget)]

    /// - Parameters:
    ///   - owner: the role that connects; nil: the superuser.
    ///   - clusters: a server for each database; nil: the server that all tests share.
    ///   - pooler: the pooler behind the proxies; nil: the proxies lead to the servers.
    init(
        _ count: Int, owner: String? = nil, clusters given: [PostgresCluster]? = nil, pooler: Pooler? = nil
    ) async throws {
        let clusters = try given ?? Array(repeating: try Self.cluster, count: count)
        var (names, proxies): ([String], [FaultProxy]) = ([], [])
        var targets: [(name: TierName, target: PostgresTarget)] = []
        for (tier, cluster) in zip(Self.tierNames, clusters) {
            let name = "tier_\(UInt64.random(in: 0...UInt64.max))"
            let connection = try await Server.connect(cluster.url())
            try await connection.run("CREATE DATABASE \(name)" + (owner.map { " OWNER \($0)" } ?? ""))
            connection.close()
            let proxy = try FaultProxy(to: pooler?.port ?? cluster.port)
            names.append(name)
            proxies.append(proxy)
            let url = cluster.tcpURL(database: name, user: owner ?? PostgresCluster.user, port: proxy.port)
            targets.append((tier, try PostgresTarget(url: url)))
        }
        (self.clusters, self.names, self.proxies, self.targets) = (clusters, names, proxies, targets)
    }

    func set(_ behaviour: FaultProxy.Behaviour) { proxies.forEach { $0.set(behaviour) } }

    /// A connection that bypasses the proxy.
    func sql(_ index: Int = 0) async throws -> PostgresConnection {
        try await Server.connect(clusters[index].url(database: names[index]))
    }

    /// Runs SQL as another program would.
    @discardableResult
    func run(_ sql: String, on index: Int = 0) async throws -> [PostgresRow] {
        let connection = try await self.sql(index)
        defer { connection.close() }
        return try await connection.run(sql).rows
    }

    /// Runs SQL about the database itself, from another one.
    func administer(_ sql: String, on index: Int = 0) async throws {
        let connection = try await Server.connect(clusters[index].url())
        defer { connection.close() }
        try await connection.run(sql)
    }

    /// Ends the sessions of a database, as a restarting server does.
    func endSessions(on index: Int = 0) async throws {
        try await administer(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(names[index])'", on: index)
    }

    /// Ends an idle session, as a server that scales to zero does. Ending a session in use would be a failure of the
    /// tier, so only a session that has been idle for a while is ended.
    func endIdleSession(on index: Int = 0) async throws {
        let connection = try await Server.connect(clusters[index].url())
        defer { connection.close() }
        try await eventually("an idle session is ended") {
            try await !connection.run(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(names[index])'
                    AND state = 'idle' AND state_change < clock_timestamp() - interval '300 milliseconds'
                """
            ).rows.isEmpty
        }
    }

    /// Creates the tables, as a store's first contact does.
    func migrate(_ store: Migrator.Store, on index: Int = 0) async throws {
        let connection = try await sql(index)
        defer { connection.close() }
        _ = try await PostgresMigrator(store: store).migrate(connection)
    }

    /// All records of a database, in the order of keys' text.
    func records<Table: PostgresTable>(_ table: Table.Type, on index: Int = 0) async throws -> [Table.Record] {
        let connection = try await sql(index)
        defer { connection.close() }
        let result = try await connection.run(table.page(after: nil, newerThan: .none, limit: 10_000))
        let page = table.read(result, limit: 10_000)
        #expect(page.unreadable.isEmpty)
        return page.records.sorted { $0.key.cursorText < $1.key.cursorText }
    }

    func conversations(on index: Int = 0) async throws -> [ConversationRecord] {
        try await records(PostgresConversationTable.self, on: index)
    }

    func machines(on index: Int = 0) async throws -> [MachineRecord] {
        try await records(PostgresMachineTable.self, on: index)
    }
}

/// A store's file and clocks, and its databases.
final class StoreUnderTest: Sendable {
    let databases: TierDatabases
    let directory: TestDirectory
    let clock = SetClock()
    var statePath: String { directory.path + "/state.db" }
    var libraryPath: String { directory.path + "/library.db" }
    var stateJournalPath: String { directory.path + "/state.journal" }
    var libraryJournalPath: String { directory.path + "/library.journal" }

    init(_ databases: TierDatabases) throws {
        self.databases = databases
        directory = try TestDirectory()
    }

    convenience init(_ count: Int = 1) async throws { try self.init(try await TierDatabases(count)) }

    private func remote(
        _ durability: Durability, _ deadline: Duration, heedsServerTime: Bool = false,
        change: (inout TierPolicy) -> Void
    ) -> RemoteTiers {
        var remote = RemoteTiers(databases.targets, durability: durability, deadline: deadline)
        remote.policy.heedsServerTime = heedsServerTime
        change(&remote.policy)
        return remote
    }

    /// - Parameters:
    ///   - path: the path of the file; nil: `statePath`.
    ///   - change: changes the policy.
    func conversations(
        at path: String? = nil, _ durability: Durability = .remote, deadline: Duration = .seconds(5),
        change: (inout TierPolicy) -> Void = { _ in }
    ) async throws -> ConversationStore {
        try await ConversationStore(
            path: path ?? statePath, memoryLimit: 4 << 20, timeToLive: .seconds(86_400), now: clock.now,
            steady: clock.steady,
            remote: remote(durability, deadline, change: change), journalPath: stateJournalPath)
    }

    /// - Parameters:
    ///   - path: the path of the file; nil: `libraryPath`.
    ///   - heedsServerTime: whether the databases' clocks, which differ from `clock`, are used.
    ///   - change: changes the policy.
    func machines(
        at path: String? = nil, _ durability: Durability = .remote, deadline: Duration = .seconds(5),
        heedsServerTime: Bool = false, change: (inout TierPolicy) -> Void = { _ in }
    ) async throws -> MachineStore {
        try await MachineStore(
            path: path ?? libraryPath, memoryLimit: 4 << 20, now: clock.now, steady: clock.steady,
            remote: remote(durability, deadline, heedsServerTime: heedsServerTime, change: change),
            journalPath: libraryJournalPath)
    }

    /// All records of a file that no store has open, in the order of keys' text.
    func records<Table: LocalTable>(_ table: Table.Type, at path: String) throws -> [Table.Record] {
        let table = try Table(path: path)
        return try table.keys(after: nil, limit: 10_000).compactMap { try table.get($0.key) }
            .sorted { $0.key.cursorText < $1.key.cursorText }
    }

    /// Expects that every database has exactly the records of the store's file. The store must be closed.
    func expectEqualTiers(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        if FileManager.default.fileExists(atPath: statePath) {
            let local = try records(ConversationTable.self, at: statePath)
            for index in databases.names.indices {
                let remote = try await databases.conversations(on: index)
                #expect(remote == local, "\(TierDatabases.tierNames[index])", sourceLocation: sourceLocation)
            }
        }
        if FileManager.default.fileExists(atPath: libraryPath) {
            let local = try records(MachineTable.self, at: libraryPath)
            for index in databases.names.indices {
                let remote = try await databases.machines(on: index)
                #expect(remote == local, "\(TierDatabases.tierNames[index])", sourceLocation: sourceLocation)
            }
        }
    }
}

/// A wall clock and a monotonic clock that a test moves.
final class SetClock: Sendable {
    private let start = ContinuousClock.now
    private let passed = Mutex(Duration.zero)

    var now: @Sendable () -> Timestamp {
        { Timestamp(milliseconds: 1_800_000_000_000).advanced(by: self.passed.withLock { $0 }) }
    }
    var steady: @Sendable () -> ContinuousClock.Instant { { self.start + self.passed.withLock { $0 } } }

    func advance(_ duration: Duration) { passed.withLock { $0 += duration } }
}

/// The status of either store.
protocol StoreWithStatus: Sendable { var status: StoreStatus { get } }
extension ConversationStore: StoreWithStatus {}
extension MachineStore: StoreWithStatus {}

extension StoreWithStatus {
    /// Waits until every tier is up and has everything.
    func whole(within limit: Duration = .seconds(20)) async throws {
        var last = status
        do {
            try await eventually("all tiers have everything", within: limit) {
                last = status
                return last.isUp && last.pending == 0 && !last.isStarting
                    && last.remote.allSatisfy { $0.state == .up && $0.pending == 0 }
            }
        } catch { throw NotInTime(description: "\(error): \(last.summary), \(last.counters)") }
    }

    /// Waits until `tiers` have everything, no matter what the others do.
    func whole(of tiers: [TierName]) async throws {
        try await eventually("\(tiers) have everything") {
            status.remote.allSatisfy { !tiers.contains($0.name) || ($0.state == .up && $0.pending == 0) }
        }
    }

    /// Waits until a tier is known to be unavailable.
    func lost(_ tier: TierName) async throws {
        try await eventually("\(tier) is down or tried") { state(of: tier) != .up }
    }

    func state(of tier: TierName) -> ServiceHealth.Tier.State? { status.remote.first { $0.name == tier }?.state }
}

extension ConversationStore {
    @discardableResult
    func save(
        _ user: String, _ step: String, _ data: [String: JSONValue] = [:], update: Int64? = nil
    ) async throws -> StateSave.Output {
        let key = ConversationKey(userID: user, chatID: user)
        return try await save(.init(key: key, step: step, data: data, updateID: update))().get()
    }

    @discardableResult
    func clear(_ user: String, update: Int64? = nil) async throws -> StateClear.Output {
        let key = ConversationKey(userID: user, chatID: user)
        return try await clear(.init(key: key, reason: .completed, updateID: update, outcome: nil))().get()
    }

    /// Saves until the disk accepts no more. Free space within the file is used up first.
    func fillUp() async throws {
        for number in 0... {
            let saved = try await save("filler", "\(number)", ["x": .string(Samples.repeating("x", 4_000))])
            if !saved.placement.storedIn.contains(.sqlite) { return }
        }
    }

    func load(_ user: String) async throws -> Conversation? {
        try await load(.init(key: ConversationKey(userID: user, chatID: user)))().get().state
    }
}

extension MachineStore {
    @discardableResult
    func add(
        _ nickname: String, user: String = "7", request: String = UUID().uuidString.lowercased()
    ) async throws -> StoredMachine {
        try await add(
            .init(
                requestID: request, userID: user,
                details: MachineDetails(nickname: nickname, texts: [.notes: "of \(nickname)"])))().get()
    }

    /// Newest first.
    func list(user: String = "7") async throws -> [Machine] {
        try await list(.init(userID: user, limit: 100))().get().machines
    }
}
