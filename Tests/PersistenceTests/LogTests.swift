import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

/// The write-ahead log of the local file: its length, and readers that keep it long.
@Suite struct LogTests {
    private let data: [String: JSONValue] = ["notes": .string(String(repeating: "x", count: 100_000))]

    /// - Parameter path: the database that the log belongs to.
    private func logBytes(_ path: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int)
    }

    private func save(_ users: Range<Int>, _ store: ConversationStore) async throws {
        for start in stride(from: users.lowerBound, to: users.upperBound, by: 20) {
            let answers = (start..<min(start + 20, users.upperBound)).map { user in
                store.save(.init(key: ConversationKey(userID: "\(user)", chatID: "1"), step: "s", data: data))
            }
            for answer in answers { _ = try await answer().get() }
        }
    }

    /// 300 rows of 25 pages: nearly twice as much as the largest piece.
    @Test func `A log: is moved into the file piece by piece, and begins again`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        try await save(0..<300, store)
        let pages = try logBytes(file.path) / Int(WriteAheadLog.bytesPerPage)
        // One pass may exceed the limit.
        #expect(pages < LogKeeper.pages.upperBound + 1_000, "\(pages)")
        #expect(store.status.logHeldFor == nil && store.status.health == .ok)
        let turns = try #require(store.status.turns)
        #expect(turns.count >= 15)
        #expect(store.status.healthReport(at: clock.now()).histograms["store.turn"]?.count ?? 0 >= turns.count)
        await store.close()
    }

    /// No write follows its end. `HeldLogTests` uses a long log.
    @Test func `A reader that does not end: is noticed, and so is its end`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        try await save(0..<1, store)
        let shell = try SQLiteShell(file.path)
        try await shell.run("BEGIN; SELECT count(*) FROM conversation_states;", answers: "1")
        try await save(0..<200, store)
        try await eventually("the log is known to be blocked") { store.status.logHeldFor != nil }
        // The reader still sees its own moment.
        try await shell.run("SELECT count(*) || ' still' FROM conversation_states;", answers: "1 still")
        try shell.end()
        try await eventually("it is no longer blocked") { store.status.logHeldFor == nil }
        await store.close()
        #expect(try Database(file.path).rows("SELECT count(*) FROM conversation_states") == [["200"]])
    }

    @Test func `A log that a reader blocks for minutes: degraded, however short it is`() {
        var status = StoreStatus(isUp: true)
        status.logBytes = 20 << 20
        status.logHeldFor = .seconds(299)
        #expect(status.health == .ok)
        status.logHeldFor = .seconds(720)
        #expect(status.health == .degraded)
        let report = status.healthReport(at: Timestamp(milliseconds: 0))
        #expect(report.counters["disk.log_held_s"] == 720)
        #expect(report.detail?.contains("in one transaction for 12 min") == true)
    }

    // MARK: A small disk

    private func openStore(_ disk: SmallDisk, _ clock: TestClock) async throws -> ConversationStore {
        try await ConversationStore(
            path: disk.path + "/state.db", memoryLimit: 1 << 20, timeToLive: .seconds(86_400), now: clock.now,
            steady: clock.steady)
    }

    private func isDurable(_ users: Range<Int>, _ store: ConversationStore) async throws -> Bool {
        let data: [String: JSONValue] = ["notes": .string(String(repeating: "x", count: 3_000))]
        let answers = users.map {
            store.save(.init(key: ConversationKey(userID: "\($0)", chatID: "1"), step: "s", data: data))
        }
        var isDurable = true
        for answer in answers where try await !answer().get().placement.isDurable { isDurable = false }
        return isDurable
    }

    /// A fast disk makes the pieces large: on one of 4 MiB, a log of 1,000 pages leaves no room.
    @Test func `Saves on a small disk: their log does not fill it`() async throws {
        let (directory, clock) = (try TestDirectory(), TestClock())
        guard let disk = SmallDisk(bytes: 4 << 20, at: directory.path + "/disk") else { return }
        let store = try await openStore(disk, clock)
        for round in 0..<200 { #expect(try await isDurable(0..<20, store), "round \(round)") }
        await store.close()
    }

    /// No room is made, but what the log has is in the file already.
    @Test func `A disk that is full while the log has pages: takes writes again after a retry`() async throws {
        let (directory, clock) = (try TestDirectory(), TestClock())
        guard let disk = SmallDisk(bytes: 4 << 20, at: directory.path + "/disk") else { return }
        let first = try await openStore(disk, clock)
        #expect(try await isDurable(0..<20, first))
        await first.close()
        let store = try await openStore(disk, clock)
        #expect(try await isDurable(0..<8, store))
        disk.fill()
        var rounds = 0
        while try await isDurable(0..<4, store) { rounds += 1 }
        #expect(rounds < 10)
        try await eventually("the disk takes writes again") {
            clock.advance(.seconds(1))
            return try await isDurable(0..<4, store)
        }
        await store.close()
    }

    // MARK: When it is moved

    private let start = ContinuousClock.now

    @Test func `A piece: is halved when it took long, and doubled when it was quick`() {
        var keeper = LogKeeper()
        let (first, least, most) = (keeper.piece.count, LogKeeper.pages.lowerBound, LogKeeper.pages.upperBound)
        #expect(!keeper.isDue(logPages: first - 1, at: start) && keeper.isDue(logPages: first, at: start))
        for _ in 0..<10 { keeper.moved(keeper.piece.count, in: .milliseconds(1)) }
        #expect(keeper.piece.count == most)
        keeper.moved(most + 1_000, in: .milliseconds(80))
        #expect(keeper.piece.count == most / 2)
        keeper.moved(keeper.piece.count, in: .milliseconds(5))
        // A small rest says nothing about a whole piece.
        keeper.moved(10, in: .milliseconds(1))
        #expect(keeper.piece.count == most / 2)
        for _ in 0..<10 { keeper.moved(keeper.piece.count, in: .milliseconds(80)) }
        #expect(keeper.piece.count == least)
    }

    @Test(arguments: [
        (49, 0, false), (50, 99, true), (50, 100, false), (400, 799, true), (499, 998, false), (500, 5_000, true),
    ])
    func `A disk with little room: the log is moved before it takes half of that`(
        _ pages: Int, _ free: Int, _ isDue: Bool
    ) {
        #expect(LogKeeper().isDue(logPages: pages, freePages: free, at: start) == isDue)
    }

    @Test func `A log that a reader blocks: tried once a second, and since when is known`() {
        var keeper = LogKeeper()
        keeper.wasHeld(at: start)
        #expect(!keeper.isDue(logPages: 1_000_000, at: start + .milliseconds(999)))
        #expect(keeper.isDue(logPages: 0, at: start + .seconds(1)))
        keeper.wasHeld(at: start + .seconds(1))
        #expect(keeper.heldSince == start && keeper.retryAt == start + .seconds(2))
        keeper.moved(30_000, in: .milliseconds(300))
        #expect(keeper.heldSince == nil && keeper.retryAt == nil)
    }

    @Test func `A disk that fails to take the log: not counted as a blocking reader`() {
        var keeper = LogKeeper()
        keeper.failed(at: start)
        #expect(keeper.heldSince == nil && keeper.retryAt == start + LogKeeper.retryDelay)
    }
}
