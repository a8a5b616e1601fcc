import CSQLite
import Contracts
import Foundation
import Migrations
import Testing

@testable import Persistence

@Suite struct MigrationTests {
    @Test(arguments: Migration.Store.allCases)
    func `Every migration file: can run twice`(_ store: Migration.Store) throws {
        let file = try TemporaryFile()
        let connection = try SQLiteConnection(path: file.path)
        #expect(try SQLiteMigrator(store: store).migrate(connection) == Migration.all(of: store).map(\.version))
        #expect(try SQLiteMigrator(store: store).migrate(connection) == [])
        try connection.execute("DELETE FROM rivet_schema_migrations")
        try connection.execute("DELETE FROM schema_migrations")
        #expect(try SQLiteMigrator(store: store).migrate(connection) == Migration.all(of: store).map(\.version))
    }

    @Test func `A newer database: refused with its schema version`() throws {
        let file = try TemporaryFile()
        do {
            let connection = try SQLiteConnection(path: file.path)
            _ = try SQLiteMigrator(store: .conversations).migrate(connection)
            try connection.execute("INSERT INTO rivet_schema_migrations(version, name) VALUES (999, 'later')")
        }
        let error = #expect(throws: LocalTableError.self) { try ConversationTable(path: file.path) }
        #expect(error?.isTierTrouble == false)
        #expect("\(try #require(error))".contains("has schema version 999"))
    }

    /// A failing migration leaves the database as it was.
    @Test func `A failed migration: rolled back`() throws {
        let file = try TemporaryFile()
        let connection = try SQLiteConnection(path: file.path)
        try connection.execute("CREATE TABLE conversation_states (user_id TEXT)")
        #expect(throws: MigrationError.self) { try SQLiteMigrator(store: .conversations).migrate(connection) }
        #expect(!connection.isInTransaction)
        #expect(try connection.rows("SELECT version FROM rivet_schema_migrations") { $0.integer(0) } == [])
    }

    /// The database has the earlier bot's tables and rows.
    @Test func `A conversation of the earlier bot: resumes`() throws {
        let file = try TemporaryFile()
        do {
            let connection = try SQLiteConnection(path: file.path)
            try connection.execute(Migration.all(of: .conversations)[0].sqlite)
            try connection.run(
                """
                INSERT INTO conversation_states (user_id, chat_id, current_step, state_data, started_at, updated_at, expires_at)
                VALUES ('7', '7', 'model', '{"nickname":"Pump","own":1}', '2026-11-22 09:00:00', '2026-11-22T09:30:00.000417',
                    '2026-11-23 09:30:00')
                """)
        }
        let record = try #require(try ConversationTable(path: file.path).get(ConversationKey(userID: "7", chatID: "7")))
        #expect(record.step == "model")
        #expect(record.data == ["nickname": "Pump", "own": 1])
        #expect(record.revision == Revision(at: try #require(Timestamp(parsing: "2026-11-22 09:30:00"))))
        #expect(record.isOpen(at: try #require(Timestamp(parsing: "2026-11-22 10:00:00"))))
        #expect(record.appliedUpdates.isEmpty)
    }

    /// In the earlier bot's SQLite file, the table has no `id`.
    @Test func `The SQLite file of the earlier bot: works from an open conversation to its tombstone`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        do {
            let connection = try SQLiteConnection(path: file.path)
            try connection.execute(
                """
                CREATE TABLE conversation_states (
                    user_id TEXT NOT NULL, chat_id TEXT NOT NULL,
                    conversation_type TEXT NOT NULL DEFAULT 'add_machine',
                    current_step TEXT NOT NULL, state_data TEXT NOT NULL DEFAULT '{}',
                    started_at TEXT DEFAULT CURRENT_TIMESTAMP, updated_at TEXT DEFAULT CURRENT_TIMESTAMP,
                    expires_at TEXT, PRIMARY KEY (user_id, chat_id, conversation_type))
                """)
            try connection.run(
                """
                INSERT OR REPLACE INTO conversation_states
                    (user_id, chat_id, conversation_type, current_step, state_data, updated_at, expires_at)
                VALUES ('7', '7', 'add_machine', 'model', '{"nickname": "Pump", "location": null}', ?, ?)
                """,
                [
                    .text(clock.now().description.replacing("Z", with: "417")),
                    .text(clock.now().advanced(by: .seconds(3_600)).description.replacing("Z", with: "417")),
                ])
        }
        let store = try await ConversationStore(
            path: file.path, memoryLimit: 1 << 20, timeToLive: .seconds(60), now: clock.now, steady: clock.steady)
        let key = ConversationKey(userID: "7", chatID: "7")
        let loaded = try #require(try await store.load(.init(key: key, updateID: 1))().get().state)
        #expect(loaded.step == "model" && loaded.data["nickname"] == "Pump")
        let saved = try await store.save(
            .init(key: key, step: "serial", data: loaded.data, updateID: 1, expectedRevision: loaded.revision))().get()
        #expect(saved.placement.isDurable && saved.revision > loaded.revision)
        clock.advance(.seconds(60))
        #expect(try await store.sweep().get() == 1)
        clock.advance(.seconds(31 * 86_400))
        #expect(try await store.sweep().get() == 0)
        #expect(store.status.lastError == nil)
        await store.close()
        let left = try #require(try ConversationTable(path: file.path).get(key))
        #expect(left.isClosed && left == left.emptied)
    }

    @Test func `Machines of the earlier bot: listed, searched and checked for duplicates`() async throws {
        let file = try TemporaryFile()
        do {
            let connection = try SQLiteConnection(path: file.path)
            try connection.execute(Migration.all(of: .machines)[0].sqlite)
            for nickname in ["Pump", "PUMP", "Été"] {
                try connection.run(
                    """
                    INSERT INTO user_machines (user_id, nickname, location, ocr_data, created_at)
                    VALUES ('7', ?, 'Hall 3', '{}', '2026-11-22 09:00:00.000')
                    """, [.text(nickname)])
            }
        }
        let store = try await MachineStore(path: file.path, memoryLimit: 1 << 20, now: TestClock().now)
        let page = try await store.list(.init(userID: "7"))().get()
        #expect(page.total == 3)
        #expect(Set(page.machines.map(\.details.nickname)) == ["Pump", "PUMP", "Été"])
        #expect(page.machines.allSatisfy { $0.id.isUUID })
        #expect(try await store.list(.init(userID: "7", query: "hall"))().get().total == 3)
        #expect(try await store.checkNickname(.init(userID: "7", nickname: "ÉTÉ"))().get().available == false)
        await store.close()
    }

    /// So a start that takes minutes can be distinguished from one that hangs.
    @Test func `A long migration: reports progress until the file is open`() throws {
        let file = try TemporaryFile()
        do {
            let connection = try SQLiteConnection(path: file.path)
            try connection.execute(Migration.all(of: .conversations)[0].sqlite)
            try connection.execute(
                """
                INSERT INTO conversation_states (user_id, chat_id, current_step, updated_at)
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                SELECT i, i, 'model', '2026-11-22 09:30:00' FROM n
                """)
        }
        var signs = 0
        var table: ConversationTable? = try ConversationTable(path: file.path) { signs += 1 }
        #expect(signs > 10)
        // Once the file is open, no progress is reported.
        let before = signs
        #expect(try table?.count() == 20_000)
        #expect(try table?.connection.rows("SELECT sum(length(user_id)) FROM conversation_states") { _ in 1 } == [1])
        #expect(signs == before)
        table = nil
        signs = 0
        table = try ConversationTable(path: file.path) { signs += 1 }
        #expect(signs == 0)
    }

    @Test func `A database and its log: mode 0600, WAL mode and synchronous FULL`() throws {
        let file = try TemporaryFile()
        let connection = try SQLiteConnection(path: file.path)
        try connection.execute("CREATE TABLE t (x)")
        for suffix in ["", "-wal", "-shm"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path + suffix)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(suffix)")
        }
        #expect(try connection.rows("PRAGMA synchronous") { $0.integer(0) } == [2])
        #expect(try connection.rows("PRAGMA journal_mode") { $0.text(0) } == ["wal"])
    }

    @Test func `An empty text: bound as text and not as NULL`() throws {
        let file = try TemporaryFile()
        let connection = try SQLiteConnection(path: file.path)
        #expect(try connection.rows("SELECT ? IS NULL", [.text("")]) { $0.integer(0) } == [0])
    }
}

@Suite struct DatabaseLockTests {
    @Test func `A second owner of a file: kept out until the first is gone`() throws {
        let file = try TemporaryFile()
        var first: ConversationTable? = try ConversationTable(path: file.path)
        let error = #expect(throws: LocalTableError.self) { try ConversationTable(path: file.path) }
        #expect(error == .inUse(path: file.path))
        #expect(error?.isTierTrouble == false)
        #expect(throws: LocalTableError.inUse(path: file.path)) {
            try Migrator.migrate(path: file.path, store: .conversations)
        }
        withExtendedLifetime(first) {}
        first = nil
        _ = try ConversationTable(path: file.path)
    }
}
