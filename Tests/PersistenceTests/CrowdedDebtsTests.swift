import Contracts
import Foundation
import Testing

@testable import Persistence

/// The notes of debts, and what happens to more debts than a list may have.
@Suite struct CrowdedDebtsTests {
    private static var policy: TierPolicy {
        var policy = TierPolicy()
        policy.debtsMax = 20
        policy.pageRecords = 8
        return policy
    }

    private func start(_ file: TemporaryFile? = nil, _ tiers: [TierName] = [.neon]) throws -> CoreHarness {
        let store = try CoreHarness(tiers, policy: Self.policy, file: file)
        try store.core.open()
        return store
    }

    /// Lets time pass until no notes are left to delete.
    private func rest(_ store: CoreHarness) {
        for _ in 0..<100 where !store.core.debtsToStrike.isEmpty { store.advance(.milliseconds(600)) }
    }

    private func written(_ asked: [ScriptedPort.Asked]) -> Set<Revision> {
        asked.reduce(into: []) { all, what in
            if case .write(let revisions) = what { all.formUnion(revisions) }
        }
    }

    @Test func `Saves of one conversation: one note for a tier that is trusted`() throws {
        let store = try start()
        try store.connect(.neon)
        let first = try store.save("nickname")
        try store.answerAll(.neon)
        #expect(try store.notes().map(\.revision) == [first.revision])
        for step in ["manufacturer", "model", "serial", "location", "notes"] {
            let saved = try store.save(step)
            try store.answerAll(.neon)
            #expect(saved.placement()?.storedIn.first == .neon)
            store.advance(.seconds(10))
            // The tier is checked for rows of others.
            try store.answerAll(.neon)
        }
        #expect(try store.notes().map(\.revision) == [first.revision])
        // The note is deleted once the tier cannot lose any of it.
        for user in 0..<3 {
            store.advance(.seconds(61))
            _ = try store.save("model", user: "other \(user)")
            try store.answerAll(.neon)
            store.advance(.seconds(1))
        }
        #expect(try store.notes().allSatisfy { $0.key.userID != "7" })
    }

    /// The process ends before the tier has the last save.
    @Test func `The last save of a conversation: is owed after a crash by the note of the first`() throws {
        let file = try TemporaryFile("state.db")
        var last = Revision.none
        do {
            let store = try start(file)
            try store.connect(.neon)
            _ = try store.save("nickname")
            try store.answerAll(.neon)
            last = try store.save("model").revision
        }
        let store = try start(file)
        let visit = try #require(try store.core.table?.progress()[.neon]?.visit)
        try store.report(.neon, .connected(TierContact(mark: 1, visit: visit)))
        #expect(try store.answerAll(.neon, waiting: .seconds(1)).contains(.write([last])))
    }

    @Test func `A deletion of notes whose commit failed: not believed`() throws {
        let store = try start()
        try store.connect(.neon)
        _ = try store.save("nickname")
        try store.answerAll(.neon)
        for user in 0..<2 {
            store.advance(.seconds(61))
            _ = try store.save("model", user: "other \(user)")
            try store.answerAll(.neon)
        }
        // The commit takes effect, and reports a failure.
        FaultyTable.set(.init(callsBefore: 1, count: 1, commitsAnyway: true), for: store.file.path)
        store.advance(.seconds(1))
        #expect(FaultyTable.calls(store.file.path) >= 2)
        FaultyTable.heal(store.file.path)
        for _ in 0..<30 where !store.core.isDiskUp { store.advance(.seconds(1)) }
        #expect(try store.notes().allSatisfy { $0.key.userID != "7" })
        _ = try store.save("model")
        #expect(try store.notes().contains { $0.key.userID == "7" })
    }

    @Test func `More debts than are listed: all rows are owed, and no note is left`() throws {
        let store = try start()
        for user in 0..<30 { _ = try store.save("model", user: "\(user)") }
        #expect(store.core.tiers[0].knowledge.seeding == .due)
        #expect(store.core.memory.withLock { $0.book.count(.neon) } == 0)
        #expect(store.core.status.remote[0].pending >= 21)
        rest(store)
        #expect(try store.notes().isEmpty)
        #expect(try store.core.table?.progress()[.neon]?.seeding == .due)
        try store.report(.neon, .connected(TierContact(mark: 1, visit: 0)))
        let done = try store.answerAll(.neon, waiting: .seconds(2))
        #expect(written(done).count == 30 && store.core.status.remote[0].pending == 0)
        #expect(store.core.tiers[0].knowledge.isSeeded)
    }

    /// The notes are from an earlier version of Rivet, which listed all debts.
    @Test func `A start with more notes than are listed: reads none of them, and serves at once`() throws {
        let file = try TemporaryFile("state.db")
        do {
            let table = try ConversationTable(path: file.path)
            try table.begin()
            for user in 0..<100 {
                let key = ConversationKey(userID: "\(user)", chatID: "\(user)")
                let revision = Revision(at: Timestamp(milliseconds: 1_800_000_000_000 + Int64(user)))
                let record = CoreHarness.record("model", revision, key: key)
                try table.put(record)
                let tiers = TierSet(user < 90 ? [.neon] : [.neon, .supabase])
                try table.write(Debt(key: key, revision: revision, tiers: tiers, since: Timestamp(milliseconds: 0)))
            }
            for tier in [TierName.neon, .supabase] { try table.write(TierProgress(), of: tier) }
            try table.commit()
        }
        let store = try start(file, [.neon, .supabase])
        #expect(store.core.memory.withLock { ($0.book.count(.neon), $0.book.count(.supabase)) } == (0, 10))
        #expect(store.core.tiers.map { $0.knowledge.seeding } == [.due, .done])
        #expect(store.core.status.remote.map(\.pending) == [100, 10])
        rest(store)
        #expect(try store.notes().map(\.tiers) == Array(repeating: TierSet(.supabase), count: 10))
        try store.report(.neon, .connected(TierContact(mark: 1, visit: 0)))
        let done = try store.answerAll(.neon, waiting: .seconds(2))
        #expect(written(done).count == 100)
    }

    /// When all were deleted in one pass, a save waited for all of them.
    @Test func `Notes of forsaken debts: deleted some at a time, and the walk waits for that`() throws {
        let store = try start()
        for user in 0..<20 { _ = try store.save("model", user: "\(user)") }
        #expect(try store.notes().count == 20)
        _ = try store.connect(.neon)
        store.core.reconcile()
        var counts = [try store.notes().count]
        while !store.core.debtsToStrike.isEmpty {
            #expect(store.core.tiers[0].knowledge.seeding == .due)
            store.advance(.milliseconds(600))
            counts.append(try store.notes().count)
        }
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 - $1 <= 8 })
        #expect(counts.count >= 3 && counts.last == 0)
    }

    /// This happens when a clash is resolved that the tier reported before.
    @Test func `A debt that is made while others are forsaken: is noted after all`() throws {
        let store = try start()
        for user in 0..<5 { _ = try store.save("model", user: "\(user)") }
        try store.connect(.neon)
        store.core.reconcile()
        #expect(store.core.debtsToStrike == TierSet(.neon))
        let key = ConversationKey(userID: "3", chatID: "3")
        let revision = try #require(try store.core.table?.get(key)?.revision)
        store.core.memory.withLock {
            $0.book.owes(key, revision, to: TierSet(.neon), since: Timestamp(milliseconds: 0))
        }
        for _ in 0..<3 { store.advance(.milliseconds(600)) }
        #expect(store.core.debtsToStrike.isEmpty)
        #expect(try store.notes().map(\.key) == [key])
    }

    /// The notes of a page are in the commit that records the walk's progress, even if many other notes wait.
    @Test func `A page of the walk: its notes are committed with it`() throws {
        let file = try TemporaryFile("state.db")
        do {
            let store = try start(file)
            for user in 10..<40 { _ = try store.save("model", user: "\(user)") }
            rest(store)
            try store.report(.neon, .connected(TierContact(mark: 1, visit: 0)))
            for (request, what) in try #require(store.ports[.neon]).takeAll() {
                try store.report(.neon, .answered(request: request, store.answer(to: what)))
            }
        }
        let table = try ConversationTable(path: file.path)
        guard case .under(after: let text?)? = try table.progress()[.neon]?.seeding else {
            Issue.record("no walk is under way")
            return
        }
        let end = try #require(ConversationKey(cursorText: text))
        let noted = Set(try table.debts(of: TierSet(.neon)).map(\.key))
        let walked = try table.keys(after: nil, limit: 100).map(\.key).prefix { $0.userID <= end.userID }
        #expect(walked.count >= 8 && noted.isSuperset(of: walked))
    }
}
