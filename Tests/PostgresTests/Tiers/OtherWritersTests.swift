import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// Databases in which other programs wrote too: the earlier bot, a person with SQL, another host.
@Suite(.serialized, .needsPostgres)
struct OtherWritersTests {
    /// Another machine of that user has the nickname, only in the tier.
    @Test(arguments: [false, true])
    func `A nickname clash with a tier: both machines are kept`(_ isFoundByPulling: Bool) async throws {
        let test = try await StoreUnderTest(2)
        let store = try await test.machines(deadline: .milliseconds(300))
        try await store.whole()
        if isFoundByPulling { test.databases.proxies[0].set(.refuse) }
        let before = isFoundByPulling ? try await store.add("Pump") : nil
        try await test.databases.run(
            """
            INSERT INTO user_machines (user_id, nickname, location, created_at, updated_at)
            VALUES ('7', 'Pump', 'theirs', '2026-01-01', '2026-01-01')
            """)
        if isFoundByPulling { test.databases.proxies[0].set(.pass) }
        let ours = if let before { before } else { try await store.add("Pump") }
        #expect(ours.machine.details.nickname == "Pump" && ours.isDurable)
        try await eventually("both are in the library") { try await store.list().count == 2 }
        try await store.whole()
        let machines = try await store.list()
        #expect(machines.first { $0.id == ours.machine.id }?.details.nickname == "Pump (2)")
        #expect(machines.first { $0.id != ours.machine.id }?.details.texts[.location] == "theirs")
        #expect(machines.first { $0.id != ours.machine.id }?.details.nickname == "Pump")
        if !isFoundByPulling { #expect(store.status.counters["clashes"] == 1) }
        // The person must still be informed.
        let stored = try await test.databases.machines(on: 1)
        let renamed = try #require(stored.first { $0.id == ours.machine.id })
        #expect(renamed.renamedFrom == "Pump")
        // No person decided this name, so its revision leaves room below a person's later decision.
        #expect((1...0xFFFF).contains(renamed.revision.rawValue - ours.machine.revision.rawValue))
        #expect(stored.first { $0.id != ours.machine.id }?.renamedFrom == nil)
        // A third machine of that name gets the next number.
        let error = await #expect(throws: RPCError.self) { try await store.add("Pump") }
        #expect(error?.suggestion == "Pump (3)")
        await store.close()
        try await test.expectEqualTiers()
    }

    /// SQL changes it while no store runs, and while a running store cannot reach the tier.
    @Test(arguments: [nil, FaultProxy.Behaviour.refuse, .blackhole])
    func `A row that SQL changed: imported`(_ outage: FaultProxy.Behaviour?) async throws {
        let test = try await StoreUnderTest(2)
        var store = try await test.conversations(deadline: .milliseconds(300))
        var machines = try await test.machines(deadline: .milliseconds(300))
        try await store.save("7", "model", ["nickname": "Pump"])
        try await store.save("8", "model")
        let added = try await machines.add("Pump")
        try await store.whole()
        try await machines.whole()
        if let outage {
            test.databases.proxies[0].set(outage)
            try await store.save("8", "serial")
            try await machines.add("Valve")
            try await store.lost(.neon)
            try await machines.lost(.neon)
        } else {
            await store.close()
            await machines.close()
        }
        let later = test.clock.now().advanced(by: .seconds(60)).databaseText
        try await test.databases.run(
            """
            UPDATE conversation_states SET current_step = 'notes', state_data = state_data || '{"by": "SQL"}',
                updated_at = '\(later)' WHERE user_id = '7'
            """)
        try await test.databases.run(
            "UPDATE user_machines SET location = 'Hall 9', updated_at = '\(later)' WHERE nickname = 'Pump'")
        if outage == nil {
            store = try await test.conversations()
            machines = try await test.machines()
        } else {
            test.databases.proxies[0].set(.pass)
            test.databases.proxies[0].reset()
        }
        try await eventually("what SQL changed is imported", within: .seconds(20)) {
            guard try await store.load("7")?.step == "notes" else { return false }
            return try await machines.list().contains { $0.details.texts[.location] == "Hall 9" }
        }
        let state = try #require(try await store.load("7"))
        #expect(state.data == ["nickname": "Pump", "by": "SQL"])
        // The conversation continues from there.
        let saved = try await store.save("7", "end")
        #expect(saved.revision > state.revision)
        let machine = try #require(try await machines.list().first { $0.id == added.machine.id })
        #expect(machine.details.nickname == "Pump" && machine.revision > added.machine.revision)
        try await store.whole()
        try await machines.whole()
        await store.close()
        await machines.close()
        try await test.expectEqualTiers()
    }

    /// For a store that ignores its server's time, and for one that uses it.
    @Test(arguments: [false, true])
    func `A row that was written after a pull by a clock that was days ahead: imported`(
        _ isServerHeeded: Bool
    ) async throws {
        let test = try await StoreUnderTest(1)
        // The server's clock, before it was set wrong.
        let ahead = Duration.seconds(isServerHeeded ? 200 * 86_400 : 5 * 86_400)
        test.clock.advance(ahead)
        var store = try await test.machines(heedsServerTime: isServerHeeded)
        try await store.add("Pump")
        try await store.whole()
        await store.close()
        test.clock.advance(.zero - ahead)
        // The row as another host stores it.
        let now = isServerHeeded ? Timestamp(clamping: Int64(Date.now.timeIntervalSince1970 * 1_000)) : test.clock.now()
        try await test.databases.run(
            """
            INSERT INTO user_machines (user_id, nickname, revision, created_at, updated_at)
            VALUES ('7', 'Valve', \(Revision(at: now).rawValue), '\(now.databaseText)', '\(now.databaseText)')
            """)
        store = try await test.machines(heedsServerTime: isServerHeeded)
        try await eventually("the other host's row is imported") { try await store.list().count == 2 }
        await store.close()
    }

    /// SQL changes nothing else: no time, no revision, no tombstone.
    @Test func `Changes and deletions by SQL: in every tier after the next contact`() async throws {
        let test = try await StoreUnderTest(2)
        var (store, machines) = (try await test.conversations(), try await test.machines())
        for user in ["7", "8"] { try await store.save(user, "model", ["nickname": "Pump"]) }
        for nickname in ["Pump", "Valve"] { try await machines.add(nickname) }
        try await store.whole()
        try await machines.whole()
        await store.close()
        await machines.close()
        for sql in [
            "UPDATE conversation_states SET current_step = 'notes' WHERE user_id = '7'",
            "DELETE FROM conversation_states WHERE user_id = '8'",
            "UPDATE user_machines SET location = 'Hall 9' WHERE nickname = 'Pump'",
            "DELETE FROM user_machines WHERE nickname = 'Valve'",
        ] { try await test.databases.run(sql) }
        (store, machines) = (try await test.conversations(), try await test.machines())
        try await eventually("what SQL did is imported", within: .seconds(20)) {
            let places = try await machines.list().map { $0.details.texts[.location] }
            guard try await store.load("7")?.step == "notes", places == ["Hall 9"] else { return false }
            return try await store.load("8") == nil
        }
        try await store.whole()
        try await machines.whole()
        await store.close()
        await machines.close()
        try await test.expectEqualTiers()
    }

    /// The tables are as the mission's files create them, with rows that the earlier bot wrote.
    @Test func `A database of the earlier bot: upgraded in place`() async throws {
        let test = try await StoreUnderTest(2)
        for statement in Self.earlierTables { try await test.databases.run(statement) }
        let now = test.clock.now()
        func ago(_ hours: Int) -> String { now.advanced(by: .seconds(-3_600 * hours)).databaseText }
        try await test.databases.run(
            """
            INSERT INTO conversation_states (user_id, chat_id, current_step, state_data, started_at, updated_at, expires_at)
            VALUES ('7', '-100', 'model', '{"nickname": "Main compressor", "manufacturer": "Siemens", "own": [1.50]}',
                    '\(ago(3))', '\(ago(2))', '\(ago(-22))'),
                   ('8', '8', 'notes', '{"nickname": "Old"}', '\(ago(30))', '\(ago(30))', '\(ago(6))')
            """)
        try await test.databases.run(
            """
            INSERT INTO user_machines (user_id, nickname, manufacturer, ocr_data, created_at, updated_at)
            SELECT '7', 'Machine ' || number, 'Siemens', '{"text": "3RQ"}', '\(ago(50))', '\(ago(40))'
            FROM generate_series(1, 30) AS number
            """)
        let (store, machines) = (try await test.conversations(), try await test.machines())
        let key = ConversationKey(userID: "7", chatID: "-100")
        let state = try #require(try await store.load(.init(key: key))().get().state)
        #expect(state.step == "model" && state.data["manufacturer"] == "Siemens")
        #expect(state.data["own"]?.text == "[1.50]")
        #expect(state.updatedAt == now.advanced(by: .seconds(-7_200)))
        #expect(state.expiresAt == now.advanced(by: .seconds(3_600 * 22)))
        #expect(try await store.load("8") == nil)
        let listed = try await machines.list()
        #expect(listed.count == 30 && Set(listed.map(\.id)).count == 30)
        #expect(listed.allSatisfy { $0.details.ocrData == ["text": "3RQ"] })
        // The conversation continues at its step, and its old row is replaced.
        let saved = try await store.save(
            .init(key: key, step: "serial", data: state.data, expectedRevision: state.revision))().get()
        #expect(saved.revision > state.revision)
        let error = await #expect(throws: RPCError.self) { try await machines.add("MACHINE 7") }
        #expect(error?.code == .duplicateNickname)
        // The other conversation expired before this service began to watch its clock.
        test.clock.advance(TierPolicy().clockPatience)
        #expect(try await store.sweep().get() == 1)
        try await store.whole()
        try await machines.whole()
        await store.close()
        await machines.close()
        try await test.expectEqualTiers()
        // The earlier bot's columns keep their meaning.
        let row = try #require(
            try await test.databases.run(
                "SELECT current_step, state_data->>'nickname' FROM conversation_states WHERE user_id = '7'"
            ).first)
        #expect(row.columns == ["serial", "Main compressor"])
    }

    /// The row has JSON that is no object, which Rivet never writes.
    @Test func `A row that is no record: quarantined`() async throws {
        let test = try await StoreUnderTest()
        try await test.databases.migrate(.conversations)
        for (user, data) in [("7", "[1]"), ("8", "{\"nickname\": \"Pump\"}")] {
            try await test.databases.run(
                """
                INSERT INTO conversation_states (user_id, chat_id, current_step, state_data, updated_at, expires_at)
                VALUES ('\(user)', '\(user)', 'model', '\(data)', '2027-01-15 07:00', '2027-01-16 07:00')
                """)
        }
        let store = try await test.conversations()
        #expect(try await store.load("7") == nil)
        #expect(try await store.load("8")?.data == ["nickname": "Pump"])
        #expect(store.status.counters["rows.quarantined"] == 1)
        // A new conversation replaces it.
        try await store.save("7", "nickname")
        try await store.whole()
        await store.close()
        let kept = try Database(test.statePath).rows("SELECT content FROM quarantine")
        #expect(kept.count == 1 && kept[0][0]?.contains("[1]") == true)
        try await test.expectEqualTiers()
    }

    private static let earlierTables = [
        """
        CREATE TABLE IF NOT EXISTS conversation_states (
            id SERIAL PRIMARY KEY,
            user_id TEXT NOT NULL,
            chat_id TEXT NOT NULL,
            conversation_type TEXT NOT NULL DEFAULT 'add_machine',
            current_step TEXT NOT NULL,
            state_data JSONB NOT NULL DEFAULT '{}',
            started_at TIMESTAMP DEFAULT NOW(),
            updated_at TIMESTAMP DEFAULT NOW(),
            expires_at TIMESTAMP DEFAULT (NOW() + INTERVAL '24 hours'),
            UNIQUE(user_id, chat_id, conversation_type)
        )
        """,
        "CREATE INDEX IF NOT EXISTS idx_conversation_states_user ON conversation_states(user_id)",
        "CREATE INDEX IF NOT EXISTS idx_conversation_states_expires ON conversation_states(expires_at)",
        """
        CREATE TABLE IF NOT EXISTS user_machines (
            id SERIAL PRIMARY KEY,
            user_id TEXT NOT NULL,
            nickname TEXT NOT NULL,
            manufacturer TEXT,
            model_number TEXT,
            serial_number TEXT,
            location TEXT,
            notes TEXT,
            photo_file_id TEXT,  -- Telegram file_id for the equipment photo
            ocr_data JSONB,      -- Original OCR extraction
            created_at TIMESTAMP DEFAULT NOW(),
            updated_at TIMESTAMP DEFAULT NOW()
        )
        """,
        "CREATE INDEX IF NOT EXISTS idx_user_machines_user ON user_machines(user_id)",
        "CREATE UNIQUE INDEX IF NOT EXISTS idx_user_machines_nickname ON user_machines(user_id, nickname)",
    ]
}
