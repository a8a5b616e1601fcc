import Contracts
import TestSupport
import Testing

@testable import Persistence

/// A tier that is owed more than a list may have, with a real disk.
@Suite(.needsPostgres) struct CrowdedTierTests {
    private static let debtsMax = 200

    private func saveMany(_ store: ConversationStore, _ users: Range<Int>) async throws {
        let saves = users.map { user in
            let key = ConversationKey(userID: "\(user)", chatID: "\(user)")
            return store.save(.init(key: key, step: "model", data: [:], updateID: nil))
        }
        for save in saves { _ = try await save().get() }
    }

    private func pending(_ store: ConversationStore) -> Int { store.status.remote.first?.pending ?? 0 }

    @Test func `A tier that is owed more than is listed: has everything when it is back, also after a restart`()
        async throws
    {
        let test = try await StoreUnderTest()
        var store = try await test.conversations(deadline: .milliseconds(300)) { $0.debtsMax = Self.debtsMax }
        try await store.save("7", "nickname")
        try await store.whole()
        test.databases.set(.refuse)
        try await test.databases.endSessions()
        try await saveMany(store, 0..<500)
        // All rows are owed. They were counted when there were too many for a list, and are counted again at the next
        // start.
        #expect(pending(store) > Self.debtsMax)
        await store.close()
        #expect(try ConversationTable(path: test.statePath).progress()[.neon]?.seeding == .due)
        store = try await test.conversations(deadline: .milliseconds(300)) { $0.debtsMax = Self.debtsMax }
        #expect(pending(store) >= 500)
        // Records that are saved before the walk begins are a part of it.
        try await saveMany(store, 490..<600)
        test.databases.set(.pass)
        try await store.whole()
        await store.close()
        #expect(try await test.databases.conversations().count == 600)
        try await test.expectEqualTiers()
    }

    @Test func `Another database in place of a tier that is owed a lot: gets everything, and no note is left`()
        async throws
    {
        let test = try await StoreUnderTest()
        let store = try await test.conversations(deadline: .milliseconds(300))
        try await store.save("7", "nickname")
        try await store.whole()
        test.databases.set(.refuse)
        try await test.databases.endSessions()
        try await saveMany(store, 0..<2_500)
        try await test.databases.run("DELETE FROM conversation_states")
        try await test.databases.run("UPDATE rivet_store_visits SET mark = mark + 1")
        test.databases.set(.pass)
        // During that time a person continues.
        for step in ["manufacturer", "model", "serial"] {
            #expect(try await store.save("7", step).placement.isDurable)
        }
        try await store.whole()
        await store.close()
        try await test.expectEqualTiers()
    }
}
