import Contracts
import Foundation
import Migrations
import TestSupport
import Testing

@testable import Persistence

/// A database that is copied, checked, and prepared to replace another one.
struct BackupTests {
    private let directory: TestDirectory
    private var path: String { directory.path + "/state.db" }
    private var copy: String { directory.path + "/copy.db" }

    init() throws { directory = try TestDirectory() }

    private func put(_ table: ConversationTable, _ users: Range<Int>) throws {
        try table.begin()
        for user in users {
            let text = "2026-11-22 09:30:00.250"
            try table.connection.run(
                """
                INSERT INTO conversation_states (user_id, chat_id, current_step, state_data, started_at, updated_at,
                    expires_at, revision) VALUES (?, '1', 'model', ?, ?, ?, ?, ?)
                """,
                [.text("\(user)"), .text("{\"notes\": \"\(String(repeating: "x", count: 500))\"}")]
                    + [.text(text), .text(text), .text(text), .integer(Int64(user + 1))])
        }
        try table.commit()
    }

    @Test func `A snapshot: shows its own moment, and leaves file and log unchanged`() throws {
        let table = try ConversationTable(path: path)
        try put(table, 0..<100)
        let snapshot = try DatabaseSnapshot(reading: path)
        try put(table, 100..<3_000)
        func contents() throws -> [Data] {
            try [path, path + "-wal"].map { try Data(contentsOf: URL(filePath: $0)) }
        }
        let before = try contents()
        try snapshot.copy(to: copy)
        #expect(try contents() == before)
        let inspection = try DatabaseInspection(of: copy, store: .conversations)
        #expect(inspection == DatabaseInspection(migrations: [2, 4, 6, 8], rows: ["conversations": 100]))
        #expect(try table.count() == 3_000)
    }

    @Test func `A checkpoint that finds a snapshot: leaves it its moment, and ends the log when it is gone`() throws {
        func logBytes() throws -> Int { try Data(contentsOf: URL(filePath: path + "-wal")).count }
        let table = try ConversationTable(path: path)
        try put(table, 0..<100)
        var snapshot: DatabaseSnapshot? = try DatabaseSnapshot(reading: path)
        try put(table, 100..<1_000)
        table.checkpoint()
        try snapshot?.copy(to: copy)
        #expect(try DatabaseInspection(of: copy, store: .conversations).rows == ["conversations": 100])
        #expect(try logBytes() > 0)
        snapshot = nil
        table.checkpoint()
        #expect(try logBytes() == 0)
        #expect(try table.count() == 1_000)
    }

    @Test func `A disk that is full in the middle of a copy: is named as such`() throws {
        guard let disk = SmallDisk(bytes: 256 << 10, at: directory.path + "/small") else {
            print("not tested: only root may mount a small disk")
            return
        }
        let table = try ConversationTable(path: path)
        try put(table, 0..<2_000)
        let snapshot = try DatabaseSnapshot(reading: path)
        let error = #expect(throws: SQLiteError.self) { try snapshot.copy(to: disk.path + "/copy.db") }
        #expect(error?.isDiskFull == true, "\(String(describing: error))")
    }

    @Test func `A copy: never replaces a file`() throws {
        let table = try ConversationTable(path: path)
        try put(table, 0..<1)
        try directory.write("mine", to: "copy.db")
        let snapshot = try DatabaseSnapshot(reading: path)
        #expect(throws: SQLiteError.self) { try snapshot.copy(to: copy) }
    }

    @Test func `A file that is foreign or of a later Rivet: distinguished from a broken one`() throws {
        func fault(_ sql: String) throws -> DatabaseInspection.Fault? {
            try Database(path).rows(sql)
            return #expect(throws: DatabaseInspection.Fault.self) {
                try DatabaseInspection(of: path, store: .conversations)
            }
        }
        #expect(try fault("CREATE TABLE other (x)") == .foreign)
        _ = try ConversationTable(path: path)
        let newer = try fault("INSERT INTO rivet_schema_migrations (version, name) VALUES (99, 'x')")
        #expect(newer == .schema(.databaseIsNewer(path: path, found: 99, known: 8)))
    }

    @Test func `A restored database of an earlier Rivet: is brought up to date, and lacks what tiers may have`() throws
    {
        let database = try Database(path)
        try database.rows(
            "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT)")
        let first = try #require(Migration.all(of: .conversations).first)
        for statement in SQLiteMigrator.statements(in: first.sqlite) { try database.rows(statement) }
        try database.rows("INSERT INTO schema_migrations (version, name) VALUES (2, 'conversation_states')")
        try database.rows(
            "INSERT INTO conversation_states (user_id, chat_id, current_step) VALUES ('7', '7', 'model')")
        #expect(try DatabaseInspection(of: path, store: .conversations).migrations == [2])
        try RestoredDatabase.prepare(path, store: .conversations)
        let inspection = try DatabaseInspection(of: path, store: .conversations)
        #expect(inspection == DatabaseInspection(migrations: [2, 4, 6, 8], rows: ["conversations": 1]))
        let progress = try ConversationTable(path: path).progress()
        #expect(Set(progress.keys) == [.neon, .supabase, .railway])
        #expect(progress.values.allSatisfy { $0.mark == nil && $0.pulledTo == .none && $0.seeding == .due })
    }
}
