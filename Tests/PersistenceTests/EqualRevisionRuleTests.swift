import Contracts
import Testing

@testable import Persistence

/// A tier that has a different record at the same revision.
@Suite struct EqualRevisionRuleTests {
    private static func tombstone(_ step: String, _ revision: Revision) -> ConversationRecord {
        CoreHarness.record(step, revision).cleared(
            reason: .completed, outcome: nil, updateID: nil, revision: revision, now: TestClock().now())
    }

    /// Responds to one write with `row`, and to everything else as a tier that fulfills its requests.
    /// - Returns: the revisions of the last write.
    private func answer(
        _ store: CoreHarness, heldOnce row: ConversationRecord
    ) throws -> [Revision] {
        let port = try #require(store.ports[.neon])
        var (isTold, written) = (false, [Revision]())
        for _ in 0..<200 {
            for (request, what) in port.takeAll() {
                guard case .write(let revisions) = what else {
                    try store.report(.neon, .answered(request: request, store.answer(to: what)))
                    continue
                }
                written = revisions
                let held = TierUnstored<ConversationRecord>(0, .held(.init(row, isStamped: true)))
                try store.report(.neon, .answered(request: request, .written(unstored: isTold ? [] : [held])))
                isTold = true
            }
            store.advance(.milliseconds(50))
        }
        return written
    }

    /// The trigger of a tier leaves it when a row is deleted in the millisecond of the save.
    @Test func `A tombstone at the revision of a save: the save stays, and is written there again`() throws {
        let store = try CoreHarness([.neon])
        try store.core.open()
        try store.connect(.neon)
        let saved = try store.save("model")
        let written = try answer(store, heldOnce: Self.tombstone("nickname", saved.revision))
        let key = ConversationKey(userID: "7", chatID: "7")
        let stored = try #require(try store.core.stored(key))
        #expect(!stored.isTombstone && stored.step == "model" && stored.revision > saved.revision)
        #expect(written == [stored.revision])
        #expect(store.core.status.remote[0].pending == 0 && store.core.status.remote[0].heldRemovals == 0)
    }

    @Test func `A live row at the revision of our tombstone: is taken over`() throws {
        let store = try CoreHarness([.neon])
        try store.core.open()
        try store.connect(.neon)
        let tombstone = Self.tombstone("model", Revision(at: TestClock().now()))
        store.core.perform([
            StoreOperation(
                decide: { transaction in
                    transaction.put(tombstone)
                    return true
                }, done: { _ in }, failed: { _ in })
        ])
        let written = try answer(store, heldOnce: CoreHarness.record("serial", tombstone.revision))
        let stored = try #require(try store.core.stored(tombstone.key))
        #expect(!stored.isTombstone && stored.step == "serial" && stored.revision > tombstone.revision)
        #expect(written == [stored.revision])
    }

    /// Between the revisions of two changes by people there is room for what stores make of one of them.
    @Test func `A change without a trace: gets a revision below every later decision, by its content alone`() {
        let base = Revision(at: TestClock().now())
        var found: Set<Revision> = []
        for number in 0..<1_000 {
            let change = CoreHarness.record("step \(number)", base).asChange
            #expect(change.revision > base && change.revision < base.following(steps: 0x3FF))
            #expect(change.at(base).asChange == change)
            found.insert(change.revision)
        }
        // There are 65,408 places, in which 1,000 contents collide about 8 times.
        #expect(found.count > 970)
    }
}
