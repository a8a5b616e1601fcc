import Contracts
import Foundation
import Migrations
import Testing

@testable import Persistence

/// What a save, a sweep and a start cost of the local file.
@Suite struct SaveCostTests {
    private static let start = Timestamp(milliseconds: 1_795_000_000_000)

    private func record(_ user: Int, at moment: Timestamp, applied: Int) -> ConversationRecord {
        let revision = Revision(at: moment)
        let expiresAt = moment.advanced(by: .seconds(86_400))
        return ConversationRecord(
            key: ConversationKey(userID: "\(user)", chatID: "\(user)"), revision: revision, isClosed: false,
            step: "model",
            data: ["nickname": .string("Pump \(user)")], startedAt: Self.start, updatedAt: moment, expiresAt: expiresAt,
            lastUpdateID: 12,
            appliedUpdates: (0..<applied).map { .init(updateID: Int64($0), revision: revision, expiresAt: expiresAt) },
            lastClearing: nil)
    }

    /// Pages that were written to the log for each of `saves` commits, in a table of 20,000 rows.
    private func framesASave(saves: Int, applied: Int) throws -> Double {
        let file = try TemporaryFile()
        let table = try ConversationTable(path: file.path)
        try table.begin()
        for user in 0..<20_000 {
            try table.put(record(user, at: Self.start.advanced(by: .milliseconds(user * 4_320)), applied: applied))
        }
        try table.commit()
        table.checkpoint()
        // Within the hour in which they were saved last, as the next answer of a person is.
        for save in 0..<saves {
            let user = save * 7_919 % 20_000
            let moment = Self.start.advanced(by: .milliseconds(user * 4_320 + 1_000))
            try table.begin()
            try table.put(record(user, at: moment, applied: applied))
            try table.commit()
        }
        let bytes = try FileManager.default.attributesOfItem(atPath: file.path + "-wal")[.size] as? Int
        // A header of 32 bytes; for each page a header of 24.
        return Double(try #require(bytes) - 32) / Double(4_096 + 24) / Double(saves)
    }

    /// The two indexes on `expires_at` made it 6.4.
    @Test func `A save: writes its row to the log, and no index`() throws {
        let frames = try framesASave(saves: 500, applied: 0)
        #expect(frames <= 1.2, "\(frames) frames a save")
    }

    @Test func `A sweep: finds by the hour what is over, in the order of its end`() throws {
        let file = try TemporaryFile()
        let table = try ConversationTable(path: file.path)
        for user in 0..<100 {
            try table.put(record(user, at: Self.start.advanced(by: .seconds(user * 60)), applied: 0))
        }
        let moment = Self.start.advanced(by: .seconds(86_400 + 50 * 60))
        #expect(
            try table.expired(at: moment, savedSince: nil, limit: 1_000).map(\.key.userID) == (0...50).map(String.init))
        #expect(try table.expired(at: moment, savedSince: nil, limit: 3).map(\.key.userID) == ["0", "1", "2"])
        // One that goes on counts by its new end, also in another hour; one that ended is not found.
        try table.put(record(0, at: Self.start.advanced(by: .seconds(7_200)), applied: 0))
        var closed = record(1, at: Self.start.advanced(by: .seconds(7_201)), applied: 0)
        closed.isClosed = true
        try table.put(closed)
        #expect(
            try table.expired(at: moment, savedSince: nil, limit: 1_000).map(\.key.userID) == (2...50).map(String.init))
        // A row of another program has no hour.
        try table.connection.execute(
            "INSERT INTO conversation_states (user_id, chat_id, current_step, expires_at) VALUES ('x', 'x', 'model', '2026-01-01')"
        )
        #expect(try table.expired(at: moment, savedSince: nil, limit: 1).map(\.key.userID) == ["x"])
        let plan = try table.connection.rows(
            "EXPLAIN QUERY PLAN SELECT 1 FROM conversation_states WHERE closed = 0 AND ifnull(expires_hour, 0) <= 1"
        ) { $0.text(3) ?? "" }
        #expect(
            plan.allSatisfy { $0.hasPrefix("SEARCH") && $0.contains("idx_conversation_states_open_hour") }, "\(plan)")
    }

    /// A million rows took 0.7 s of each start.
    @Test func `A start: does not look through the machines for those of other programs`() throws {
        let file = try TemporaryFile("library.db")
        let connection = try MachineTable(path: file.path).connection
        let plan = try connection.rows("EXPLAIN QUERY PLAN \(MachineTable.selectUnfolded)") { $0.text(3) ?? "" }
        #expect(plan.allSatisfy { $0.contains("INDEX idx_user_machines_unfolded") }, "\(plan)")
    }
}
