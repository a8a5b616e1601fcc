import CSQLite
import Contracts
import Foundation
import Synchronization
import Testing

@testable import Persistence

/// The core of the store, with remote tiers whose responses and their times each test chooses.
@Suite struct StoreCoreTests {
    private typealias Harness = CoreHarness

    private static let key = ConversationKey(userID: "7", chatID: "7")

    /// The previous payment may still be unwritten. It must not hide that the tier lacks the new revision.
    @Test func `A change of a key that was just paid: is noted as owed to all`() throws {
        // Without room in memory, a record is committed before it is sent, and the book learns of it later.
        let store = try Harness([.neon, .supabase], memoryLimit: 1)
        try store.core.open()
        try store.report(.neon, .lost(reason: "refused"))
        try store.connect(.supabase)
        let first = try store.save("model")
        try store.answerAll(.supabase)
        #expect(first.placement()?.storedIn.contains(.supabase) == true)
        // The payment to supabase is not written down yet.
        _ = try store.save("serial")
        #expect(try store.notes().map(\.tiers) == [TierSet([.neon, .supabase])])
    }

    /// A broken file is replaced before the records of the spill file are in memory.
    @Test func `The spill file: not cleared before its records are stored`() throws {
        final class Journal: MemoryJournal {
            let restored = [CoreHarness.record("model", Revision(rawValue: 1 << 40))]
            var cleared: () -> Void = {}
            private(set) var isEmpty = false
            let isFirst = false
            let isLong = false
            func begin() {}
            func append(_ records: [ConversationRecord]) throws {}
            func replace(with records: [ConversationRecord]) throws {
                isEmpty = records.isEmpty
                if isEmpty { cleared() }
            }
        }
        let journal = Journal()
        let store = try Harness([], journal: journal, content: Data(repeating: 0xA5, count: 8_192))
        var wasStored: [Bool] = []
        journal.cleared = { [unowned store] in
            wasStored.append((try? store.core.table?.get(Self.key)) != nil)
        }
        try store.core.open()
        #expect(store.core.counters["disk.replaced"] == 1)
        #expect(wasStored == [true])
    }

    /// The file breaks after the commit, nothing can be salvaged, and memory has no room for a copy.
    @Test func `A record on its way to a tier: in the file that replaces a broken one`() throws {
        let store = try Harness([.neon], memoryLimit: 1)
        try store.core.open()
        try store.connect(.neon)
        let saved = try store.save("model")
        #expect(saved.placement() == nil)
        for name in ["", "-wal"] {
            let file = try FileHandle(forWritingTo: URL(filePath: store.file.path + name))
            try file.truncate(atOffset: 0)
            try file.write(contentsOf: Data(repeating: 0xA5, count: 8_192))
            try file.close()
        }
        FaultyTable.set(.init(callsBefore: 0, count: 1, code: SQLITE_CORRUPT), for: store.file.path)
        defer { FaultyTable.heal(store.file.path) }
        #expect(throws: RPCError.self) { try store.save("serial") }
        // Within the time that the tier may take to respond.
        for _ in 0..<7 where store.core.counters["disk.replaced"] == nil { store.advance(.milliseconds(100)) }
        #expect(store.core.counters["disk.replaced"] == 1)
        #expect(try store.core.table?.get(Self.key)?.revision == saved.revision)
    }

    /// Without that visit, the disk's note of the tier would keep the next process from reading the record there.
    @Test func `A tier that is written to without the disk: gets a visit that the disk does not know`() throws {
        let store = try Harness([.neon])
        try store.core.open()
        try store.connect(.neon)
        _ = try store.save("model")
        try store.answerAll(.neon)
        // By then the visit is noted.
        store.advance(.seconds(5))
        try store.answerAll(.neon)
        FaultyTable.set(.init(callsBefore: 0), for: store.file.path)
        defer { FaultyTable.heal(store.file.path) }
        let saved = try store.save("serial")
        let asked = try store.answerAll(.neon)
        #expect(asked.contains(.write([saved.revision])))
        let visit = asked.compactMap { if case .touch(_, let next) = $0 { next } else { nil } }.last
        let noted = try #require(try store.core.table?.progress()[.neon])
        #expect(visit != nil && visit != noted.visit && visit != noted.nextVisit)
    }

    /// There is a write every ten seconds, and so a visit every minute.
    @Test func `A record that a tier refuses: tried ever more rarely, and reported once`() throws {
        let store = try Harness([.neon])
        try store.core.open()
        try store.connect(.neon)
        let bad = try store.save("bad").revision
        var (attempts, lines, last) = (0, 0, store.core.status)
        for step in 0..<360 {
            _ = try store.save("step \(step)", user: "8")
            for _ in 0..<10 {
                for (request, what) in try #require(store.ports[.neon]).takeAll() {
                    var answer = store.answer(to: what)
                    if case .write(let revisions) = what, let index = revisions.firstIndex(of: bad) {
                        attempts += 1
                        let refusal = TierRefusal(.bug, index: index, reason: "no")
                        answer = .written(unstored: [TierUnstored(index, .refused(refusal))])
                    }
                    try store.report(.neon, .answered(request: request, answer))
                }
                store.advance(.seconds(1))
                let status = store.core.status
                lines += status.events(since: last).count { if case .refused = $0 { true } else { false } }
                last = status
            }
        }
        // Within an hour: at once, and after 1, 3, 7, 15 and 31 minutes.
        #expect(attempts == 6 && lines == 1)
        #expect(last.remote[0].refusals == ["no": 1] && last.remote[0].pending == 1)
    }

    /// This finds records that a process sent before it died without writing that down.
    @Test func `The tiers: read once more a minute after the start`() throws {
        let store = try Harness([.neon])
        try store.core.open()
        try store.report(.neon, .connected(TierContact(mark: 1, visit: 0)))
        func pages() throws -> Int {
            try store.answerAll(.neon).count { if case .page = $0 { true } else { false } }
        }
        #expect(try pages() == 1)
        store.advance(.seconds(59))
        #expect(try pages() == 0)
        store.advance(.seconds(2))
        #expect(try pages() == 1)
        store.advance(.seconds(600))
        #expect(try pages() == 0)
    }

    @Test func `A tier that is up: looked at within a minute for four minutes after a write, and then left alone`()
        throws
    {
        let store = try Harness([.neon])
        try store.core.open()
        try store.connect(.neon)
        _ = try store.save("model")
        try store.answerAll(.neon)
        store.advance(.seconds(61))
        try store.answerAll(.neon)
        _ = try store.save("serial")
        try store.answerAll(.neon)
        var (last, looks) = (0, 0)
        for second in 1...240 {
            store.advance(.seconds(1))
            guard try store.answerAll(.neon).contains(where: { if case .page = $0 { true } else { false } }) else {
                continue
            }
            #expect(second - last <= 60)
            (last, looks) = (second, looks + 1)
        }
        #expect(looks >= 4)
        for _ in 0..<360 {
            store.advance(.seconds(60))
            #expect(try store.answerAll(.neon).isEmpty)
        }
    }

    /// Another process may rename the same revision because of a clash in another tier.
    @Test func `A decision while the clock stands still: is above what a store makes of the same record`() throws {
        let store = try Harness([])
        try store.core.open()
        var last = try store.save("model").revision
        for step in ["serial", "location", "notes"] {
            let highest = last.following(steps: 0x3FF, host: 63)
            last = try store.save(step).revision
            #expect(last > highest)
        }
    }

    /// Each write's response is imported by a merge. The merge pumps the tier, and so the waiting walk too.
    @Test func `A walk that waits for responses to writes: judges all their removals together`() throws {
        var policy = TierPolicy()
        policy.removalsMax = 1
        let store = try Harness([.neon], policy: policy)
        try store.core.open()
        // A tier that has failed gets ten records at a time.
        try store.report(.neon, .lost(reason: "refused"))
        var records: [Revision: ConversationRecord] = [:]
        for user in 0..<12 {
            let key = ConversationKey(userID: "\(user)", chatID: "\(user)")
            let revision = try store.save("model", user: key.userID).revision
            records[revision] = Harness.record("model", revision, key: key)
        }
        store.advance(.seconds(60))
        try store.report(.neon, .connected(TierContact(mark: 1, visit: 0)))
        let port = try #require(store.ports[.neon])
        var writes: [[Revision]] = []
        for _ in 0..<100 where store.core.status.remote[0].heldRemovals == 0 {
            for (request, what) in port.takeAll() {
                guard case .write(let revisions) = what else {
                    try store.report(.neon, .answered(request: request, store.answer(to: what)))
                    continue
                }
                writes.append(revisions)
                let told = writes.count == 1 ? 0..<1 : revisions.indices
                let unstored = try told.map { index in
                    let tombstone = try #require(records[revisions[index]]).cleared(
                        reason: .completed, outcome: nil, updateID: nil,
                        revision: Revision(rawValue: revisions[index].rawValue + 1 << 24), now: TestClock().now())
                    return TierUnstored(index, .held(TierPage<ConversationRecord>.Row(tombstone, isStamped: true)))
                }
                // The time that the walk waits before it checks again.
                if writes.count == 2 { store.elapse(.seconds(1)) }
                try store.report(.neon, .answered(request: request, .written(unstored: unstored)))
            }
            store.advance(.milliseconds(50))
        }
        #expect(writes.map(\.count) == [10, 2])
        #expect(store.core.status.remote[0].heldRemovals == 3)
        for record in records.values { #expect(try store.core.stored(record.key)?.isTombstone == false) }
    }

    /// The disk cannot be read, so the page waits. Until it is merged, no caller may decide over the older revision.
    @Test func `A key with a newer revision in a tier: not decided over until it is imported`() throws {
        let store = try Harness([.neon])
        try store.core.open()
        try store.connect(.neon)
        let saved = try store.save("model")
        try store.answerAll(.neon)
        var faults = FaultyTable.Faults()
        faults.failsReads = true
        FaultyTable.set(faults, for: store.file.path)
        defer { FaultyTable.heal(store.file.path) }
        let newer = CoreHarness.record("notes", Revision(rawValue: saved.revision.rawValue + 1_000))
        var unknown = newer
        unknown.key.userID = "8"
        let page = TierPage<ConversationRecord>(
            rows: [newer, unknown].map { .init($0, isStamped: true) }, next: nil)
        func answerPages() throws {
            for (request, what) in try #require(store.ports[.neon]).takeAll() {
                guard case .page = what else { continue }
                try store.report(.neon, .answered(request: request, .page(page)))
            }
        }
        store.core.reconcile()
        try answerPages()
        #expect(throws: RPCError.self) { try store.save("serial") }
        FaultyTable.heal(store.file.path)
        store.advance(.seconds(2))
        try answerPages()
        let next = try store.save("serial")
        #expect(next.revision > newer.revision)
        #expect(try store.core.table?.get(unknown.key)?.revision == unknown.revision)
    }
}
