import Contracts
import Foundation
import Migrations
import TestSupport
import Testing

@testable import Persistence

/// A local file of an earlier version: a copy of it is kept, and its rows survive the migration.
@Suite struct MigrationCopyTests {
    /// Creates a file as version 7 of Rivet leaves it.
    private func makeVersion7(_ path: String, _ store: Migration.Store, rows: [String]) throws {
        let connection = try SQLiteConnection(path: path)
        try connection.execute(
            """
            CREATE TABLE schema_migrations (
                version INTEGER PRIMARY KEY, name TEXT NOT NULL,
                applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')))
            """)
        for migration in Migration.all(of: store) where migration.version <= 7 {
            try connection.execute(migration.sqlite)
            try connection.execute(
                "INSERT INTO schema_migrations (version, name) VALUES (\(migration.version), '\(migration.name)')")
        }
        for row in rows { try connection.execute(row) }
    }

    private func copies(of path: String) throws -> [String] {
        let url = URL(filePath: path)
        return try FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)
            .filter { $0.hasPrefix(url.lastPathComponent + ".schema-") }.sorted()
            .map { url.deletingLastPathComponent().appending(path: $0).path }
    }

    /// Today, as in the names of copies.
    private static func day() -> String {
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        return String(now.databaseText.prefix(10).filter { $0 != "-" })
    }

    private static let conversations = [
        """
        INSERT INTO conversation_states (user_id, chat_id, current_step, state_data, revision, closed, started_at, updated_at,
            expires_at)
        VALUES ('7', '7', 'model', '{"nickname":"Pump"}', 117635481600000001, 0, '2026-11-18 11:00:00.000',
            '2026-11-18 11:06:40.000', '2026-11-19 11:06:40.000'),
            ('8', '8', 'notes', '{}', 117635481600000002, 1, '2026-11-18 11:00:00.000', '2026-11-18 11:06:40.000',
            '2026-11-18 11:06:40.000')
        """,
        "INSERT INTO tier_progress VALUES ('neon', 5, 6, NULL, 7, NULL)",
        "INSERT INTO store_facts VALUES ('highest_pruned_revision', 42)",
    ]

    @Test func `A file of version 7: is upgraded with its rows, and a copy stays`() throws {
        let file = try TemporaryFile("state.db")
        try makeVersion7(file.path, .conversations, rows: Self.conversations)
        let before = try Database(file.path).rows("SELECT * FROM conversation_states ORDER BY user_id")
        do {
            let table = try ConversationTable(path: file.path)
            let key = ConversationKey(userID: "7", chatID: "7")
            #expect(try table.get(key)?.data == ["nickname": "Pump"])
            #expect(try table.get(ConversationKey(userID: "8", chatID: "8"))?.isClosed == true)
            #expect(try table.progress()[.neon]?.mark == 5)
            #expect(try table.highestPrunedRevision() == Revision(rawValue: 42))
            let end = try #require(Timestamp(parsing: "2026-11-19 11:06:40"))
            func expired(at moment: Timestamp) throws -> [ConversationKey] {
                let time = AgreedTime(since: moment, now: moment, horizon: moment)
                return try table.expired(by: time, after: nil, limit: 9).records.map(\.key)
            }
            #expect(try expired(at: end.advanced(by: .milliseconds(-1))).isEmpty)
            #expect(try expired(at: end) == [key])
        }
        let copies = try copies(of: file.path)
        let day = Self.day()
        #expect(copies.map { URL(filePath: $0).lastPathComponent } == ["state.db.schema-6-\(day)"])
        let copy = try Database(try #require(copies.first))
        #expect(try copy.rows("SELECT * FROM conversation_states ORDER BY user_id") == before)
        #expect(try copy.rows("SELECT max(version) FROM schema_migrations") == [["6"]])
        let mode = try FileManager.default.attributesOfItem(atPath: copies[0])[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o600)
        // A start with nothing to migrate makes no further copy.
        _ = try ConversationTable(path: file.path)
        #expect(try self.copies(of: file.path) == copies)
    }

    @Test func `Machines of version 7: are upgraded with their rows and words`() async throws {
        let file = try TemporaryFile("library.db")
        try makeVersion7(
            file.path, .machines,
            rows: [
                """
                INSERT INTO user_machines (user_id, nickname, nickname_key, machine_id, request_id, revision, location,
                    created_at, updated_at)
                VALUES ('7', 'Pump', 'pump', '0192f3c4-0000-4000-8000-000000000001', '0192f3c4-0000-4000-8000-000000000001',
                    117635481600000001, 'Hall 3', '2026-11-18 11:00:00.000', '2026-11-18 11:00:00.000')
                """
            ])
        let store = try await MachineStore(path: file.path, memoryLimit: 1 << 20, now: TestClock().now)
        let page = try await store.list(.init(userID: "7", query: "hall"))().get()
        #expect(page.machines.map(\.details.nickname) == ["Pump"])
        await store.close()
        #expect(try copies(of: file.path).count == 1)
    }

    @Test func `A new file: has no copy`() throws {
        let file = try TemporaryFile("state.db")
        _ = try ConversationTable(path: file.path)
        #expect(try copies(of: file.path) == [])
    }

    /// Without a copy the file stays unchanged, and the error names the reason.
    @Test func `A copy that fails: keeps the file from being migrated`() throws {
        let file = try TemporaryFile("state.db")
        try makeVersion7(file.path, .conversations, rows: Self.conversations)
        let day = Self.day()
        // A directory that is not empty cannot be replaced.
        try FileManager.default.createDirectory(
            atPath: file.path + ".schema-6-\(day)/x", withIntermediateDirectories: true)
        let error = #expect(throws: LocalTableError.self) { try ConversationTable(path: file.path) }
        #expect(error?.description.contains("is not migrated, because the copy") == true)
        #expect(error?.isTierTrouble == true)
        let versions = try Database(file.path).rows("SELECT max(version) FROM schema_migrations")
        #expect(versions == [["6"]])
    }

    /// What an older Rivet reads in a file of a newer schema.
    @Test(arguments: [false, true])
    func `A migrated file: tells an older Rivet that it is newer`(_ isUpgrade: Bool) throws {
        let file = try TemporaryFile("state.db")
        if isUpgrade { try makeVersion7(file.path, .conversations, rows: []) }
        _ = try ConversationTable(path: file.path)
        #expect(try Database(file.path).rows("SELECT max(version) FROM schema_migrations") == [["8"]])
    }
}
