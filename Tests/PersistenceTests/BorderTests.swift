import CSQLite
import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// The meaning of times and revisions in rows that another program wrote.
@Suite struct BorderTests {
    private static let now = Timestamp(milliseconds: 1_800_000_000_000)
    private static let far = Timestamp(milliseconds: Timestamp.range.upperBound)

    @Test(
        arguments: [
            (nil, .unknown), ("", .unknown), ("-infinity", .unknown), ("0001-01-01 00:00:00 BC", .unknown),
            ("1969-12-31 23:59:59", .unknown), ("1970-01-01 00:00:00.000", .unknown), ("0", .unknown), ("-5", .unknown),
            ("nan", .unknown), ("soon", .unknown), ("infinity", .never), ("10000-01-01 00:00:00", .never),
            ("294276-12-31 23:59:59.999999", .never), ("1e300", .never),
            ("1970-01-01 00:00:00.001", .known(Timestamp(milliseconds: 1))), ("9999-12-31 23:59:59.999", .known(far)),
            ("2027-01-15 10:00:00+02:00", .known(now)), ("1800000000", .known(now)), ("1800000000000", .known(now)),
        ] as [(String?, ForeignTime)])
    func `A foreign time: is known, unknown or never`(_ text: String?, _ time: ForeignTime) {
        #expect(ForeignTime(text) == time)
        #expect(ForeignTime(text).end == time.moment ?? Self.far)
    }

    @Test func `A row's version: its own revision, or that of a later time that can be believed`() {
        let (early, late) = (Timestamp(milliseconds: 1_700_000_000_000), Timestamp(milliseconds: 1_790_000_000_000))
        func version(_ stored: Int64, _ times: ForeignTime...) -> RowVersion {
            RowVersion(stored: stored, times: times, seenAt: Self.now)
        }
        let own = Revision(at: late).rawValue + 70
        #expect(version(own, .known(late)).revision == Revision(rawValue: own))
        #expect(version(own, .known(early)).revision == Revision(rawValue: own))
        #expect(version(0, .known(late), .known(early)).revision == Revision(at: late))
        #expect(version(0, .unknown, .known(early)).revision == Revision(at: early))
        #expect(version(own, .unknown).changedAt == late && version(own, .unknown).isDated)
        let believed = Self.now.advanced(by: Revision.aheadMax)
        #expect(version(0, .known(believed)).changedAt == believed)
        for time in [ForeignTime.unknown, .never, .known(believed.advanced(by: .milliseconds(1))), .known(Self.far)] {
            let undated = version(0, time)
            #expect(undated.revision == Revision(at: Self.now) && undated.changedAt == Self.now && !undated.isDated)
        }
    }

    // MARK: SQLite

    private static let key = ConversationKey(userID: "7", chatID: "7")

    /// An operator may do this after reading that the higher revision wins.
    @Test(arguments: [
        "revision = 9223372036854775807", "revision = 9223372036854775807, updated_at = NULL", "revision = 1 << 62",
        "updated_at = '6429-10-17 02:45:55'", "revision = -9223372036854775808", "updated_at = '9999-12-31 23:59:59'",
    ])
    func `A row in SQLite with a revision that no clock gave: blocks nothing, and its conversation continues`(
        _ change: String
    ) async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        var store = try await ConversationStore.open(file, clock, timeToLive: .seconds(60))
        for user in ["7", "8"] {
            _ = try await store.save(
                .init(key: ConversationKey(userID: user, chatID: user), step: "model", data: ["nickname": "Pump"]))()
                .get()
        }
        await store.close()
        try Database(file.path).rows("UPDATE conversation_states SET \(change)")
        store = try await ConversationStore.open(file, clock, timeToLive: .seconds(60))
        let state = try #require(try await store.load(.init(key: Self.key))().get().state)
        #expect(state.step == "model" && state.data == ["nickname": "Pump"])
        #expect((Revision.none.next...Revision.highestBelieved(at: clock.now())).contains(state.revision))
        let saved = try await store.save(.init(key: Self.key, step: "serial", data: [:]))().get()
        #expect(saved.revision > state.revision)
        clock.advance(.seconds(3_600))
        #expect(try await store.sweep().get() == 2)
        await store.close()
        store = try await ConversationStore.open(file, clock, timeToLive: .seconds(60))
        #expect(try await store.load(.init(key: Self.key))().get().state == nil)
        if change.hasPrefix("revision = 9") { #expect(store.status.counters["rows.quarantined"] == 2) }
        await store.close()
        let rows = try Database(file.path).rows("SELECT closed, revision FROM conversation_states")
        #expect(rows.allSatisfy { $0[0] == "1" && Int64($0[1] ?? "") ?? .max < 1 << 60 }, "\(rows)")
    }

    @Test func `A revision far above the clock: is counted on from without an overflow`() {
        let highest = Revision(rawValue: .max)
        for revision in [highest, Revision(rawValue: .max - 1), Revision(rawValue: .max - 0xFFFF)] {
            #expect(revision.following(steps: 0xFFFF, host: 63) == highest)
            #expect(revision.next > revision || revision == highest)
        }
        #expect(highest.following(steps: .max) == highest)
        #expect(Revision(at: Timestamp(milliseconds: .max)).rawValue == (1 << 47 - 1) << 16)
        #expect(Revision(at: Timestamp(milliseconds: .min)) == .none)
        #expect(Self.far.advanced(by: .seconds(Int64.max)) == Self.far)
        #expect(Duration(secondsComponent: .max, attosecondsComponent: 0).milliseconds == .max)
    }

    /// A clock that fell back to 1970 must not make every row seem to be from the far future.
    @Test func `A clock that lost the time: leaves the rows as they are`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        var store = try await ConversationStore.open(file, clock, timeToLive: .seconds(60))
        let saved = try await store.save(.init(key: Self.key, step: "model", data: [:]))().get()
        await store.close()
        clock.jump(.seconds(-20 * 365 * 86_400))
        store = try await ConversationStore.open(file, clock, timeToLive: .seconds(60))
        let state = try #require(try await store.load(.init(key: Self.key))().get().state)
        #expect(state.revision == saved.revision && state.expiresAt == saved.expiresAt)
        #expect(store.status.counters["rows.quarantined"] == 0)
        await store.close()
    }

    @Test(arguments: [
        nil, "-infinity", "1970-01-01 00:00:00", "0044-03-15 12:00:00 BC", "infinity", "10000-01-01 00:00:00",
    ])
    func `A conversation in SQLite with a meaningless time: kept, and gets a time`(_ time: String?) async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        await (try await ConversationStore.open(file, clock, timeToLive: .seconds(60))).close()
        let value = time.map { "'\($0)'" } ?? "NULL"
        for user in 0..<25 {
            try Database(file.path).rows(
                """
                INSERT INTO conversation_states (user_id, chat_id, current_step, state_data, started_at, updated_at, expires_at)
                VALUES ('\(user)', '\(user)', 'model', '{"nickname": "Pump"}', \(value), \(value), \(value))
                """)
        }
        let store = try await ConversationStore.open(file, clock, timeToLive: .seconds(60))
        // Without a watched clock, nothing would be swept.
        clock.advance(TierPolicy().clockPatience)
        // A sweep handles some rows at a time.
        for _ in 1...3 { #expect(try await store.sweep().get() == 0) }
        let key = ConversationKey(userID: "7", chatID: "7")
        let state = try #require(try await store.load(.init(key: key))().get().state)
        #expect(state.data == ["nickname": "Pump"] && state.revision >= Revision(at: clock.now()))
        #expect(state.updatedAt == clock.now() && state.startedAt == clock.now() && state.expiresAt == Self.far)
        // Once seen, the row keeps its values.
        clock.advance(.seconds(5))
        #expect(try await store.sweep().get() == 0)
        #expect(try await store.load(.init(key: key))().get().state == state)
        #expect(try await store.list(.init())().get().conversations.count == 25)
        // Rows behind the undated ones are swept too.
        _ = try await store.save(.init(key: key, step: "serial", data: [:]))().get()
        clock.advance(.seconds(61))
        #expect(try await store.sweep().get() == 1)
        await store.close()
    }

    // MARK: The spill file, and imports

    private final class Journal: MemoryJournal {
        let restored: [ConversationRecord]
        init(_ restored: [ConversationRecord]) { self.restored = restored }
        var isEmpty = false
        let isFirst = false
        let isLong = false
        func begin() {}
        func append(_ records: [ConversationRecord]) throws {}
        func replace(with records: [ConversationRecord]) throws { isEmpty = records.isEmpty }
    }

    private static func record(_ user: String, _ revision: Revision) -> ConversationRecord {
        ConversationRecord.saved(
            .init(key: ConversationKey(userID: user, chatID: user), step: "model", data: [:]), over: nil,
            revision: revision, now: now, timeToLive: .seconds(60))
    }

    @Test func `A record of the spill file with a revision that no clock gave: put aside alone`() throws {
        let file = try TemporaryFile()
        let good = Self.record("7", Revision(at: Self.now))
        let bad = [Int64.max, -1].map { Self.record("\($0)", Revision(rawValue: $0)) }
        let core = StoreCore<ConversationTable>(
            path: file.path, memory: SharedMemory(limit: 1 << 20), time: StoreTime(wall: { Self.now }),
            journal: Journal([good] + bad))
        try core.open()
        #expect(try core.table?.get(good.key) == good)
        for record in bad { #expect(try core.table?.get(record.key) == nil) }
        #expect(try core.table?.quarantinedCount() == 2)
        core.close()
    }

    @Test func `An import with a revision that no clock gave: is refused by name`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock, timeToLive: .seconds(60))
        var item = StateImport.Item(
            key: Self.key, step: "model", data: [:], startedAt: Self.now, updatedAt: Self.far,
            expiresAt: Self.now.advanced(by: .seconds(60)))
        guard case .failure(let error) = await store.importConversations([item]) else {
            Issue.record("taken in")
            return
        }
        #expect(error.code == .invalidArgument && error.field == "updated_at")
        item.updatedAt = Timestamp(milliseconds: 0)
        #expect(try await store.importConversations([item]).get() == 1)
        let state = try #require(try await store.load(.init(key: Self.key))().get().state)
        #expect(state.revision == Revision(at: Self.now))
        await store.close()
    }
}
