import Contracts
import Synchronization
import Testing

@testable import Persistence

/// A tier that accepts connections and fails to return one of its rows.
@Suite struct PullTests {
    private final class Port: TierPort {
        private(set) var link = 0
        /// The limit and the start of each requested page.
        private(set) var asked: [(limit: Int, after: ConversationKey?)] = []
        private(set) var lastRequest = 0

        func connect(link: Int, mark: Int64) { self.link = link }
        func disconnect(link: Int) {}
        func giveUp(link: Int) {}
        func write(_ records: [ConversationRecord], makingWay: Bool, link: Int, request: Int) {}
        func findRival(of record: ConversationRecord, link: Int, request: Int) {}
        func touch(visit: Int64, next: Int64, link: Int, request: Int) {}
        func prune(before moment: Timestamp, limit: Int, link: Int, request: Int) {}
        func readPage(after key: ConversationKey?, newerThan revision: Revision, limit: Int, link: Int, request: Int) {
            asked.append((limit, key))
            lastRequest = request
        }
    }

    private final class Elapsed: Sendable {
        let start = ContinuousClock.now
        let duration = Mutex(Duration.zero)
    }

    private static let key = ConversationKey(userID: "7", chatID: "7")

    @Test func `A page without a response in time: requested by halves, and its one bad row is skipped`() throws {
        let (file, elapsed, port) = (try TemporaryFile("state.db"), Elapsed(), Port())
        let core = StoreCore<ConversationTable>(
            path: file.path, memory: SharedMemory(limit: 1 << 20),
            time: StoreTime(
                wall: TestClock().now, instant: { elapsed.start + elapsed.duration.withLock { $0 } }),
            ports: [(.neon, port)])
        func advance(_ duration: Duration) {
            elapsed.duration.withLock { $0 += duration }
            core.tick()
        }
        func connect() {
            core.received(.connected(TierContact(mark: 1, visit: 0)), from: .neon, link: port.link)
        }
        func answer(_ next: ConversationKey?) {
            let page = TierPage<ConversationRecord>(rows: [], next: next)
            core.received(.answered(request: port.lastRequest, .page(page)), from: .neon, link: port.link)
        }
        /// Lets the deadline pass, and makes another connection.
        func hang() {
            let link = port.link
            advance(TierLimits.requestDeadline)
            while port.link == link { advance(Breaker.waitMax) }
            connect()
        }
        try core.open()
        connect()
        while port.asked.last?.limit != 0 { hang() }
        // A minute after the start everything is read once more, from the beginning.
        #expect(port.asked.map(\.limit).suffix(11) == [1_000, 500, 250, 125, 62, 31, 15, 7, 3, 1, 0])
        // Its key is returned and then the row is not: twice.
        for _ in 1...2 {
            answer(Self.key)
            #expect(port.asked.last?.limit == 1)
            hang()
        }
        #expect(port.asked.last?.limit == 1_000 && port.asked.last?.after == Self.key)
        #expect(try core.table?.quarantinedCount() == 1)
        answer(nil)
        #expect(core.counters["pulls.neon"] == 1)
        core.close()
    }

    private func record(_ user: Int) -> ConversationRecord {
        let moment = TestClock().now()
        return ConversationRecord(
            key: ConversationKey(userID: "\(1_000 + user)", chatID: "7"), revision: Revision(at: moment),
            isClosed: false, step: "model", data: ["nickname": "Pump"], startedAt: moment, updatedAt: moment,
            expiresAt: moment.advanced(by: .seconds(86_400)), lastUpdateID: nil, appliedUpdates: [], lastClearing: nil)
    }

    /// A thousand rows in one piece delayed every save by up to a second.
    @Test func `A page of many rows: merged in pieces, and requested again when the connection ends`() throws {
        let (file, elapsed, port) = (try TemporaryFile("state.db"), Elapsed(), Port())
        let time = StoreTime(
            wall: TestClock().now, instant: { elapsed.start + elapsed.duration.withLock { $0 } })
        let core = StoreCore<ConversationTable>(
            path: file.path, memory: SharedMemory(limit: 1 << 20), time: time, ports: [(.neon, port)])
        try core.open()
        core.received(.connected(TierContact(mark: 1, visit: 0)), from: .neon, link: port.link)
        let rows = (0..<200).map { TierPage<ConversationRecord>.Row(record($0), isStamped: true) }
        func tell() {
            let page = TierPage<ConversationRecord>(rows: rows, next: nil)
            core.received(.answered(request: port.lastRequest, .page(page)), from: .neon, link: port.link)
        }
        tell()
        #expect(core.counters["rows.adopted"] == 50)
        // The rest is due at once, and no other page is requested.
        #expect(core.wakeAt == time.instant() && port.asked.count == 1)
        core.tick()
        #expect(core.counters["rows.adopted"] == 150 && port.asked.count == 1)
        // The connection ends in the middle of it.
        core.received(.lost(reason: "cut"), from: .neon, link: port.link)
        core.tick()
        #expect(core.counters["rows.adopted"] == 150)
        while port.asked.count == 1 {
            elapsed.duration.withLock { $0 += Breaker.waitMax }
            core.tick()
            core.received(.connected(TierContact(mark: 1, visit: 0)), from: .neon, link: port.link)
        }
        #expect(port.asked.last?.after == nil)
        tell()
        core.tick()
        core.tick()
        #expect(core.counters["rows.adopted"] == 200 && core.counters["pulls.neon"] == 1)
    }
}
