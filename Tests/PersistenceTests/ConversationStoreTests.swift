import Contracts
import Testing

@testable import Persistence

@Suite struct ConversationStoreTests {
    private let key = ConversationKey(userID: "7", chatID: "7")

    @Test func `A conversation: saved, loaded and cleared`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        #expect(try await store.load(.init(key: key))().get().state == nil)
        let first = try await store.save(.init(key: key, step: "nickname", data: [:], updateID: 1))().get()
        clock.advance(.seconds(60))
        let second = try await store.save(
            .init(key: key, step: "model", data: ["nickname": "P"], updateID: 2, expectedRevision: first.revision))()
            .get()
        #expect(second.revision > first.revision)
        let state = try #require(try await store.load(.init(key: key))().get().state)
        #expect(state.step == "model" && state.updateID == 2 && state.data == ["nickname": "P"])
        #expect(state.startedAt.advanced(by: .seconds(60)) == state.updatedAt)
        #expect(state.expiresAt == state.updatedAt.advanced(by: .seconds(86_400)))
        #expect(store.loadFromMemory(.init(key: key))?.state == state)
        let cleared = try await store.clear(.init(key: key, reason: .completed, updateID: 3, outcome: ["id": "x"]))()
            .get()
        #expect(cleared.cleared && cleared.revision ?? .none > second.revision)
        #expect(try await store.load(.init(key: key))().get().state == nil)
        let applied = try await store.load(.init(key: key, updateID: 3))().get().applied
        #expect(applied?.cleared == .init(reason: .completed, outcome: ["id": "x"]))
        await store.close()
    }

    /// The applied updates are a set by id: ids may decrease, and the result is the same after a restart.
    @Test func `A repeated update: changes nothing and returns the same result`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        var store = try await ConversationStore.open(file, clock)
        var answers: [Int64: StateSave.Output] = [:]
        for updateID in [1_000, 5, 7, -3, 6] as [Int64] {
            answers[updateID] = try await store.save(
                .init(key: key, step: "s\(updateID)", data: [:], updateID: updateID))().get()
            clock.advance(.seconds(1))
        }
        for isRestarted in [false, true] {
            if isRestarted {
                await store.close()
                store = try await ConversationStore.open(file, clock)
            }
            for (updateID, answer) in answers {
                let again = try await store.save(.init(key: key, step: "other", data: ["x": 1], updateID: updateID))()
                    .get()
                #expect(again == answer)
                #expect(try await store.load(.init(key: key, updateID: updateID))().get().applied != nil)
            }
            #expect(try await store.load(.init(key: key))().get().state?.step == "s6")
        }
        await store.close()
    }

    @Test func `Updates that will not come again: forgotten but for the newest eight, those that may are kept`()
        async throws
    {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        for updateID in 1...40 as ClosedRange<Int64> {
            // Update 7 is not settled at Telegram until the end, and 1,000 is from before the ids jumped down.
            _ = await store.save(
                .init(
                    key: key, step: "s", data: [:], updateID: updateID == 3 ? 1_000 : updateID,
                    settledBefore: min(updateID, 7)))()
        }
        func isRemembered(_ updateID: Int64) async throws -> Bool {
            try await store.load(.init(key: key, updateID: updateID))().get().applied != nil
        }
        for updateID in [1, 2, 4, 5, 6] as [Int64] { #expect(try await !isRemembered(updateID)) }
        for updateID in [7, 8, 20, 40, 1_000] as [Int64] { #expect(try await isRemembered(updateID)) }
        let end = try await store.clear(.init(key: key, reason: .completed, updateID: 41, settledBefore: 41))().get()
        #expect(end.cleared)
        for updateID in [7, 33] as [Int64] { #expect(try await !isRemembered(updateID)) }
        for updateID in [34, 40, 41, 1_000] as [Int64] { #expect(try await isRemembered(updateID)) }
        await store.close()
    }

    @Test func `An update that ended a conversation: does not open it again`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        _ = try await store.save(.init(key: key, step: "s", data: ["x": 1], updateID: 1))().get()
        let end = try await store.clear(.init(key: key, reason: .completed, updateID: 2))().get()
        for updateID in [1, 2] as [Int64] {
            let again = try await store.save(.init(key: key, step: "s", data: [:], updateID: updateID))().get()
            #expect(again.revision <= end.revision ?? .none)
            #expect(try await store.load(.init(key: key))().get().state == nil)
        }
        await store.close()
    }

    @Test func `The applied updates of a key: remembered up to a bound`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        for updateID in 0..<200 as Range<Int64> {
            _ = try await store.save(.init(key: key, step: "s", data: [:], updateID: updateID))().get()
        }
        let remembered = Int64(ConversationRecord.appliedUpdatesMax)
        #expect(try await store.load(.init(key: key, updateID: 199))().get().applied != nil)
        #expect(try await store.load(.init(key: key, updateID: 200 - remembered))().get().applied != nil)
        #expect(try await store.load(.init(key: key, updateID: 199 - remembered))().get().applied == nil)
        await store.close()
    }

    @Test func `A save with another expected revision: refused with the stored one`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        func save(_ expected: Revision) async -> Result<StateSave.Output, RPCError> {
            await store.save(.init(key: key, step: "s", data: [:], expectedRevision: expected))()
        }
        let first = try await save(.none).get()
        for wrong in [.none, Revision(rawValue: first.revision.rawValue - 1), first.revision.next] {
            let refused = await save(wrong)
            #expect { try refused.get() } throws: { error in
                let error = error as? RPCError
                return error?.code == .revisionConflict && error?.revision == first.revision.rawValue
            }
        }
        _ = try await save(first.revision).get()
        _ = try await store.clear(.init(key: key, reason: .cancelled))().get()
        _ = try await save(.none).get()
        await store.close()
    }

    @Test func `Revisions: grow over clears, restarts and a clock that goes back`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        var last = Revision.none
        for turn in 0..<6 {
            clock.advance(.seconds(turn.isMultiple(of: 2) ? 100 : -100_000))
            let store = try await ConversationStore.open(file, clock)
            let saved = try await store.save(.init(key: key, step: "s", data: [:]))().get().revision
            let cleared = try await store.clear(.init(key: key, reason: .completed))().get().revision ?? .none
            #expect(last < saved && saved < cleared)
            last = cleared
            await store.close()
        }
    }

    /// A value that is derived from a conversation's beginning must be unique, even if the clock stands still.
    @Test func `Two conversations of a key: never begin at the same time`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        var beginnings: Set<Timestamp> = []
        for turn in 0..<5 {
            _ = try await store.save(.init(key: key, step: "s", data: [:]))().get()
            beginnings.insert(try #require(try await store.load(.init(key: key))().get().state).startedAt)
            _ = try await store.clear(.init(key: key, reason: .completed))().get()
            if turn == 2 { clock.advance(.seconds(-3_600)) }
        }
        #expect(beginnings.count == 5)
        await store.close()
    }

    @Test func `A list: returns all open conversations of a type, page by page`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        for user in 0..<25 {
            for type in ["outbox", "photo"] {
                let key = ConversationKey(userID: "\(user)", chatID: "c", type: type)
                _ = try await store.save(.init(key: key, step: "s", data: [:]))().get()
                if user == 3 { _ = try await store.clear(.init(key: key, reason: .completed))().get() }
            }
        }
        var users: [String] = []
        var cursor: String?
        repeat {
            let page = try await store.list(.init(type: "outbox", limit: 10, cursor: cursor))().get()
            users += page.conversations.map(\.key.userID)
            #expect(page.conversations.allSatisfy { $0.key.type == "outbox" })
            cursor = page.nextCursor
        } while cursor != nil
        #expect(users == (0..<25).map(String.init).filter { $0 != "3" }.sorted())
        #expect(throws: RPCError.self) { try store.list(.init(type: "outbox", cursor: "nonsense")) }
        await store.close()
    }

    /// The outbox that a gateway reads after a restart must fit into the frames of its calls.
    @Test func `Every page of a list: fits a frame`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore(
            path: file.path, memoryLimit: 1 << 26, timeToLive: .seconds(86_400), now: clock.now, steady: clock.steady)
        let data: [String: JSONValue] = ["replies": .string(String(repeating: "x", count: 200_000))]
        for user in 10..<22 {
            let key = ConversationKey(userID: "\(user)", chatID: "c", type: "outbox")
            _ = try await store.save(.init(key: key, step: "s", data: data))().get()
        }
        var users: [String] = []
        var cursor: String?
        repeat {
            let page = try await store.list(.init(type: "outbox", cursor: cursor))().get()
            #expect(page.json.serialized().count < 1_000_000 && !page.conversations.isEmpty)
            users += page.conversations.map(\.key.userID)
            cursor = page.nextCursor
        } while cursor != nil
        #expect(users == (10..<22).map(String.init))
        await store.close()
    }

    /// Queued replies are kept for a day, even by a service that forgets conversations sooner.
    @Test func `The outbox: kept for a day even with a short time to live`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock, timeToLive: .seconds(60))
        let outbox = ConversationKey(userID: "7", chatID: "7", type: "outbox")
        for key in [key, outbox] { _ = try await store.save(.init(key: key, step: "s", data: ["x": 1]))().get() }
        clock.advance(.seconds(86_399))
        #expect(try await store.sweep().get() == 1)
        #expect(try await store.load(.init(key: key))().get().state == nil)
        #expect(try await store.list(.init(type: "outbox"))().get().conversations.map(\.key) == [outbox])
        clock.advance(.seconds(1))
        #expect(try await store.list(.init(type: "outbox"))().get().conversations.isEmpty)
        await store.close()
    }

    /// Swift's strings treat the two as equal; the databases do not.
    @Test func `Keys: distinguished by their bytes`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        let keys = ["\u{E9}", "e\u{301}"].map { ConversationKey(userID: $0, chatID: "1") }
        _ = try await store.save(.init(key: keys[0], step: "s", data: [:], updateID: 1))().get()
        #expect(try await store.load(.init(key: keys[1]))().get().state == nil)
        _ = try await store.save(.init(key: keys[1], step: "t", data: [:], updateID: 1))().get()
        for (key, step) in zip(keys, ["s", "t"]) {
            #expect(store.loadFromMemory(.init(key: key))?.state?.step == step)
            #expect(try await store.load(.init(key: key))().get().state?.step == step)
        }
        await store.close()
    }
}
