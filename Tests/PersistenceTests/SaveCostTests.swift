import Contracts
import Foundation
import Migrations
import Testing

@testable import Persistence

/// The costs of a save, a sweep and a start on the local file.
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

    /// The number of pages written to the log per commit, over `saves` commits in a table of 20,000 rows.
    private func framesASave(saves: Int, applied: Int) throws -> Double {
        let file = try TemporaryFile()
        let table = try ConversationTable(path: file.path)
        try table.begin()
        for user in 0..<20_000 {
            try table.put(record(user, at: Self.start.advanced(by: .milliseconds(user * 4_320)), applied: applied))
        }
        try table.commit()
        table.checkpoint()
        // Each save is within the hour of the one before, as a person's next answer is.
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

    /// With the two indexes on `expires_at` it was 6.4 pages.
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
        #expect(try table.expired(at: moment, limit: 1_000) == (0...50).map(String.init))
        #expect(try table.expired(at: moment, limit: 3) == ["0", "1", "2"])
        // A conversation that continues counts by its new end, even in another hour. One that ended is not found.
        try table.put(record(0, at: Self.start.advanced(by: .seconds(7_200)), applied: 0))
        var closed = record(1, at: Self.start.advanced(by: .seconds(7_201)), applied: 0)
        closed.isClosed = true
        try table.put(closed)
        #expect(try table.expired(at: moment, limit: 1_000) == (2...50).map(String.init))
        // A row of another program has no hour.
        try table.connection.execute(
            "INSERT INTO conversation_states (user_id, chat_id, current_step, expires_at) VALUES ('x', 'x', 'model', '2026-01-01')"
        )
        #expect(try table.expired(at: moment, limit: 1) == ["x"])
    }

    /// Before, with 80,000 conversations that were over, each page of ten took 0.4 s: it read and sorted all of them.
    @Test func `A sweep: looks at a bounded number of rows at a time, and comes to all`() throws {
        let file = try TemporaryFile()
        let table = try ConversationTable(path: file.path)
        try table.begin()
        // All end in one hour; only the last of them is over.
        for user in 0..<2_100 {
            try table.put(record(user, at: Self.start.advanced(by: .milliseconds(2_100 - user)), applied: 0))
        }
        try table.commit()
        let moment = Self.start.advanced(by: .seconds(86_400) + .milliseconds(1))
        let time = AgreedTime(since: .longGone, now: moment, horizon: nil)
        var position: SweepPosition?
        var pages: [[String]] = []
        repeat {
            let page = try table.expired(by: time, after: position, limit: 10)
            pages.append(page.records.map(\.key.userID))
            position = page.next
        } while position != nil
        #expect(pages == [[], [], [], [], ["2099"]])
        // Among conversations that are over, a page reads no more than it returns.
        let all = AgreedTime(since: .longGone, now: moment.advanced(by: .seconds(60)), horizon: nil)
        let first = try table.expired(by: all, after: nil, limit: 10)
        #expect(first.records.map(\.key.userID) == (0..<10).map(String.init))
        let second = try table.expired(by: all, after: first.next, limit: 10)
        #expect(second.records.map(\.key.userID) == (10..<20).map(String.init))
        // A conversation that was saved before the clock was watched is over only by the horizon.
        let late = AgreedTime(since: moment, now: moment.advanced(by: .seconds(60)), horizon: moment)
        #expect(try table.expired(by: late, after: SweepPosition(hour: .min, row: .min), limit: 10).records.isEmpty)
        #expect(try table.expired(by: late, after: pages.isEmpty ? nil : first.next, limit: 10).records.isEmpty)
        for sql in [ConversationTable.walkOneHour, ConversationTable.walkHours] {
            let plan = try table.connection.rows("EXPLAIN QUERY PLAN \(sql)") { $0.text(3) ?? "" }
            #expect(
                plan.allSatisfy { $0.hasPrefix("SEARCH") && $0.contains("idx_conversation_states_open_hour") },
                "\(plan)")
        }
    }

    /// With a million rows, that took 0.7 s of each start.
    @Test func `A start: does not look through the machines for those of other programs`() throws {
        let file = try TemporaryFile("library.db")
        let connection = try MachineTable(path: file.path).connection
        let plan = try connection.rows("EXPLAIN QUERY PLAN \(MachineTable.selectUnfolded)") { $0.text(3) ?? "" }
        #expect(plan.allSatisfy { $0.contains("INDEX idx_user_machines_unfolded") }, "\(plan)")
    }
}

extension ConversationTable {
    /// The users of a page of conversations that are over at `moment`, no matter when they were saved.
    fileprivate func expired(at moment: Timestamp, limit: Int) throws -> [String] {
        try expired(by: AgreedTime(since: moment, now: moment, horizon: moment), after: nil, limit: limit)
            .records.map(\.key.userID)
    }
}
