import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// Rows in a tier with meaningless times, or times that no clock can show. A CSV import with empty columns leaves such
/// rows, or a program that writes explicit NULLs.
@Suite(.serialized, .needsPostgres)
struct ForeignTimeTests {
    /// A name, and the value of each time column. The revision is 0 in all of them.
    private static let times = [
        ("null", "NULL"), ("minus", "'-infinity'"), ("plus", "'infinity'"), ("bc", "'0044-03-15 12:00 BC'"),
        ("epoch", "'1970-01-01'"), ("before", "'1969-07-20 20:17'"), ("y6429", "'6429-10-17 02:45:55.327'"),
        ("y6430", "'6430-01-01'"), ("y9999", "'9999-12-31 23:59:59.999'"), ("y294276", "'294276-12-31 23:59:59'"),
        ("good", "'2027-01-15 07:00'"),
    ]

    private func insert(_ databases: TierDatabases) async throws {
        for (name, time) in Self.times {
            try await databases.run(
                """
                INSERT INTO user_machines (user_id, nickname, location, created_at, updated_at)
                VALUES ('7', '\(name)', 'Hall', \(time), \(time))
                """)
            try await databases.run(
                """
                INSERT INTO conversation_states (user_id, chat_id, current_step, state_data, started_at, updated_at, expires_at)
                VALUES ('\(name)', '\(name)', 'model', '{"nickname": "Pump"}', \(time), \(time),
                    \(name == "good" ? "'2027-01-16 07:00'" : time))
                """)
        }
    }

    private func expectAll(
        _ test: StoreUnderTest, _ states: ConversationStore, _ library: MachineStore,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let names = Set(Self.times.map { $0.0 })
        try await states.whole()
        try await library.whole()
        // A disk that knows its tiers serves while they are read.
        try await eventually("the library has all of them", within: .seconds(20)) {
            Set(try await library.list().map(\.details.nickname)) == names
        }
        for name in names {
            let state = try await states.load(name)
            #expect(state?.data == ["nickname": "Pump"], "\(name)", sourceLocation: sourceLocation)
        }
        for index in 0..<2 {
            try await eventually("tier \(index) has all of them", within: .seconds(20)) {
                let rows = try await test.databases.run(
                    """
                    SELECT (SELECT count(*) FROM user_machines), (SELECT count(*) FROM deleted_user_machines),
                        (SELECT count(*) FROM conversation_states WHERE NOT closed AND state_data ->> 'nickname' = 'Pump')
                    """, on: index)
                return rows[0].columns == ["\(names.count)", "0", "\(names.count)"]
            }
        }
    }

    @Test(arguments: [false, true])
    func `Rows with meaningless times: kept live in both tiers, at the first contact and later`(
        _ isAcquainted: Bool
    ) async throws {
        let test = try await StoreUnderTest(2)
        for store in [Migrator.Store.conversations, .machines] { try await test.databases.migrate(store) }
        var (states, library): (ConversationStore, MachineStore)
        if isAcquainted {
            (states, library) = (try await test.conversations(), try await test.machines())
            try await states.whole()
            try await library.whole()
            await states.close()
            await library.close()
        }
        try await insert(test.databases)
        (states, library) = (try await test.conversations(), try await test.machines())
        try await expectAll(test, states, library)
        #expect(try await states.sweep().get() == 0)
        #expect(try await library.prune().get() == 0)
        try await expectAll(test, states, library)
        // Each row got a revision and a time, and is no longer foreign.
        let foreign = try await test.databases.run(
            """
            SELECT 1 FROM user_machines WHERE revision = 0 OR updated_at NOT BETWEEN '2027-01-15' AND '2027-01-16'
            UNION ALL
            SELECT 1 FROM conversation_states WHERE revision = 0 OR updated_at NOT BETWEEN '2027-01-15' AND '2027-01-16'
            """)
        #expect(foreign.isEmpty)
        // They can be changed like any other.
        test.clock.advance(.seconds(60))
        for (name, _) in Self.times { try await states.save(name, "serial", ["nickname": "Pump"]) }
        for machine in try await library.list() {
            _ = try await library.update(
                .init(
                    reference: .init(userID: "7", id: machine.id), expectedRevision: machine.revision,
                    changes: .init(texts: [.location: "Yard"])))().get()
        }
        try await expectAll(test, states, library)
        await states.close()
        await library.close()
        try await test.expectEqualTiers()
        #expect(try await test.databases.machines().allSatisfy { $0.details.texts[.location] == "Yard" })
    }

    /// The row may be older than every known revision: the last writer is unknown.
    @Test func `A row without a time: never replaces the known record`() async throws {
        let test = try await StoreUnderTest(2)
        var store = try await test.conversations()
        try await store.save("7", "notes", ["nickname": "Pump"])
        try await store.whole()
        await store.close()
        try await test.databases.run(
            "UPDATE conversation_states SET revision = 0, updated_at = NULL, current_step = 'model', state_data = '{}'")
        store = try await test.conversations()
        try await eventually("the row is as it is known here") {
            try await test.databases.conversations().map(\.step) == ["notes"]
        }
        try await store.whole()
        #expect(try await store.load("7")?.step == "notes")
        await store.close()
        try await test.expectEqualTiers()
    }

    @Test func `A tier's row with a revision that no clock gave: is put aside alone`() async throws {
        let test = try await StoreUnderTest(2)
        for store in [Migrator.Store.conversations, .machines] { try await test.databases.migrate(store) }
        try await insert(test.databases)
        for revision in [Int64.max, 1 << 62] {
            try await test.databases.run(
                """
                INSERT INTO conversation_states (user_id, chat_id, current_step, revision)
                VALUES ('max\(revision)', 'x', 'model', \(revision))
                """)
            try await test.databases.run(
                "INSERT INTO user_machines (user_id, nickname, revision) VALUES ('8', 'M\(revision)', \(revision))")
        }
        for round in 1...2 {
            let (states, library) = (try await test.conversations(), try await test.machines())
            // From the first save on, the tier with the row is owed a record that cannot be written over it.
            if round == 1 { try await states.whole() } else { try await states.whole(of: [.supabase]) }
            try await library.whole()
            #expect(try await library.list().count == Self.times.count)
            #expect(try await states.load("good")?.step == "model")
            let key = ConversationKey(userID: "max\(Int64.max)", chatID: "x")
            let saved = try await states.save(.init(key: key, step: "nickname", data: [:]))().get()
            #expect(saved.revision < .highestBelieved(at: test.clock.now()) && saved.placement.isDurable)
            try await eventually("the tier is said to refuse it") {
                states.status.remote.first?.refusals == ["the row there has a revision that no clock gave": 1]
            }
            #expect(try await states.sweep().get() == 0)
            for status in [states.status, library.status] {
                #expect(status.counters["rows.quarantined"] == 2)
                #expect(status.healthReport(at: test.clock.now()).status == .degraded)
            }
            await states.close()
            await library.close()
        }
    }

    /// SQL and Swift must compare a row in the same way. Otherwise a row could be read and never written.
    @Test(arguments: ["NULL", "'infinity'", "'6430-01-01'", "'1969-01-01'", "'9999-01-01'"])
    func `A row with a meaningless time: accepts the next write`(_ time: String) async throws {
        let databases = try await TierDatabases(1)
        for store in [Migrator.Store.conversations, .machines] { try await databases.migrate(store) }
        let connection = try await databases.sql()
        try await connection.run(
            """
            INSERT INTO conversation_states (user_id, chat_id, current_step, updated_at)
            VALUES ('7', '-100:3', 'x', \(time))
            """)
        let record = Samples.conversation(Revision(number: 1))
        #expect(try await connection.run(PostgresConversationTable.put(record)).affectedRows == 1)
        let machine = Samples.machine(Revision(number: 1))
        try await connection.run(
            """
            INSERT INTO user_machines (machine_id, user_id, nickname, created_at, updated_at)
            VALUES ('\(machine.id)', '7', 'x', \(time), \(time))
            """)
        #expect(try await connection.run(PostgresMachineTable.put(machine)).affectedRows == 1)
        connection.close()
    }
}
