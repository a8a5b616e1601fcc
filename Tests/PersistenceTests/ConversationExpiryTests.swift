import Contracts
import Testing

@testable import Persistence

/// Expiry by clocks that may be wrong: of conversations, of tombstones, and of the drafts that they keep.
@Suite struct ConversationExpiryTests {
    private let key = ConversationKey(userID: "7", chatID: "7")

    @Test func `An untouched conversation: expires and leaves a tombstone with its updates`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        for user in 0..<120 {
            let key = ConversationKey(userID: "\(user)", chatID: "1")
            _ = try await store.save(.init(key: key, step: "s", data: ["x": 1], updateID: 1))().get()
        }
        clock.advance(.seconds(86_399))
        #expect(try await store.sweep().get() == 0)
        let kept = ConversationKey(userID: "5", chatID: "1")
        _ = try await store.save(.init(key: kept, step: "s", data: [:], updateID: 2))().get()
        clock.advance(.seconds(1))
        let gone = ConversationKey(userID: "6", chatID: "1")
        #expect(try await store.load(.init(key: gone))().get().state == nil)
        #expect(try await store.clear(.init(key: gone, reason: .cancelled))().get().cleared == false)
        #expect(try await store.sweep().get() == 119)
        #expect(try await store.sweep().get() == 0)
        #expect(try await store.load(.init(key: kept))().get().state != nil)
        // The tombstone remembers the update.
        #expect(try await store.load(.init(key: gone, updateID: 1))().get().applied == AppliedUpdate(cleared: nil))
        await store.close()
    }

    @Test func `A tombstone: is emptied after 30 days and revisions still grow`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        _ = try await store.save(.init(key: key, step: "s", data: [:], updateID: 1))().get()
        let cleared = try await store.clear(.init(key: key, reason: .completed, updateID: 2))().get().revision ?? .none
        clock.advance(.seconds(29 * 86_400))
        _ = await store.sweep()
        await store.close()
        let second = try await ConversationStore.open(file, clock)
        #expect(try await second.load(.init(key: key, updateID: 2))().get().applied != nil)
        clock.advance(.seconds(2 * 86_400))
        _ = await second.sweep()
        await second.close()
        let third = try await ConversationStore.open(file, clock)
        #expect(try await third.load(.init(key: key, updateID: 2))().get().applied == nil)
        clock.jump(.seconds(-90 * 86_400))
        #expect(try await third.save(.init(key: key, step: "s", data: [:]))().get().revision > cleared)
        await third.close()
    }

    /// This holds even if the process restarts during that time and knows no earlier time.
    @Test(arguments: [false, true])
    func `A clock that is two days ahead for five seconds: takes no open draft`(_ isRestarted: Bool) async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        var store = try await ConversationStore.open(file, clock)
        let keys = (0..<5).map { ConversationKey(userID: "\($0)", chatID: "1") }
        for key in keys { _ = try await store.save(.init(key: key, step: "model", data: ["nickname": "Pump"]))().get() }
        clock.advance(.seconds(3_600))
        clock.jump(.seconds(2 * 86_400))
        if isRestarted {
            await store.close()
            store = try await ConversationStore.open(file, clock)
        }
        #expect(try await store.sweep().get() == 0)
        clock.advance(.seconds(5))
        #expect(try await store.sweep().get() == 0)
        clock.jump(.seconds(-2 * 86_400))
        #expect(try await store.sweep().get() == 0)
        clock.advance(TierPolicy().clockPatience)
        #expect(try await store.sweep().get() == 0)
        for key in keys {
            #expect(try await store.load(.init(key: key))().get().state?.data == ["nickname": "Pump"])
        }
        // A conversation that the clocks agree is over is swept in the end.
        clock.advance(.seconds(3 * 86_400))
        #expect(try await store.sweep().get() == 5)
        await store.close()
    }

    @Test func `A save while the clock is 36 hours behind: is not swept when it is set right`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        _ = try await store.save(.init(key: key, step: "model", data: ["nickname": "Pump"]))().get()
        clock.jump(.seconds(36 * 3_600))
        #expect(try await store.sweep().get() == 0)
        clock.advance(.seconds(12 * 3_600))
        #expect(try await store.sweep().get() == 0)
        clock.advance(.seconds(24 * 3_600))
        #expect(try await store.sweep().get() == 1)
        await store.close()
    }

    @Test(arguments: [false, true])
    func `An expired conversation: kept for seven days, and can be resumed`(_ isSwept: Bool) async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        let data: [String: JSONValue] = ["nickname": "Pump"]
        _ = try await store.save(.init(key: key, step: "model", data: data, updateID: 1))().get()
        let state = try #require(try await store.load(.init(key: key, updateID: 9))().get().state)
        clock.advance(.seconds(86_400))
        #expect(try await store.load(.init(key: key))().get().lastClear == nil)
        if isSwept { #expect(try await store.sweep().get() == 1) }
        let told = try await store.load(.init(key: key, updateID: 9))().get()
        #expect(told.state == nil)
        #expect(
            told.lastClear
                == KeptDraft(
                    reason: .expired, step: "model", data: data, startedAt: state.startedAt, updatedAt: state.updatedAt,
                    expiresAt: state.expiresAt, keptUntil: clock.now().advanced(by: .seconds(7 * 86_400))))
        clock.advance(.milliseconds(7 * 86_400_000 - 1))
        let kept = try #require(try await store.load(.init(key: key, updateID: 9))().get().lastClear)
        let saved = try await store.save(.init(key: key, step: kept.step, data: kept.data, updateID: 9))().get()
        let taken = try #require(try await store.load(.init(key: key, updateID: 10))().get().state)
        #expect(saved.revision > state.revision && taken.startedAt > state.startedAt && taken.data == data)
        // The draft cannot be resumed twice.
        _ = try await store.clear(.init(key: key, reason: .completed, updateID: 11))().get()
        #expect(try await store.load(.init(key: key, updateID: 12))().get().lastClear == nil)
        await store.close()
    }

    @Test func `A conversation that is over: reported while its draft is kept`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        let day = Duration.seconds(86_400)
        for (reason, keptFor) in [(StateClear.Reason.cancelled, day), (.expired, day * 7), (.completed, .zero)] {
            let key = ConversationKey(userID: reason.rawValue, chatID: "1")
            _ = try await store.save(.init(key: key, step: "model", data: ["x": 1]))().get()
            #expect(try await store.clear(.init(key: key, reason: reason))().get().cleared)
            #expect(try await store.load(.init(key: key))().get().state == nil)
            clock.advance(max(.zero, keptFor - .milliseconds(1)))
            let told = try await store.load(.init(key: key, updateID: 1))().get().lastClear
            #expect(told?.data == (keptFor == .zero ? nil : ["x": 1]) && told?.reason == (told == nil ? nil : reason))
            clock.advance(.milliseconds(1))
            #expect(try await store.load(.init(key: key, updateID: 1))().get().lastClear == nil)
        }
        await store.close()
    }

    @Test(arguments: [false, true])
    func `A message sent before the expiry: finds the conversation open even after a sweep`(
        _ isSwept: Bool
    ) async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await ConversationStore.open(file, clock)
        _ = try await store.save(.init(key: key, step: "model", data: ["nickname": "Pump"], updateID: 1))().get()
        let state = try #require(try await store.load(.init(key: key))().get().state)
        clock.advance(.seconds(2 * 86_400))
        if isSwept { #expect(try await store.sweep().get() == 1) }
        let late = StateLoad.Params(key: key, updateID: 2, sentAt: state.expiresAt)
        #expect(try await store.load(late)().get().state == nil)
        let sentAt = Timestamp(milliseconds: state.expiresAt.milliseconds - 1)
        let found = try await store.load(.init(key: key, updateID: 2, sentAt: sentAt))().get()
        #expect(found.state?.data == state.data && found.state?.step == "model" && found.lastClear == nil)
        #expect(found.state?.startedAt == state.startedAt && found.state?.expiresAt == state.expiresAt)
        let saved = try await store.save(
            .init(
                key: key, step: "serial", data: ["nickname": "Pump", "model_number": "X"], updateID: 2,
                expectedRevision: try #require(found.state).revision, sentAt: sentAt))().get()
        #expect(saved.expiresAt == clock.now().advanced(by: .seconds(86_400)))
        let now = try #require(try await store.load(.init(key: key))().get().state)
        #expect(now.startedAt == state.startedAt && now.step == "serial")
        await store.close()
    }

    /// An unwatched clock may have been wrong when it was saved.
    @Test func `A conversation that expired before the start: is swept once the clock was watched`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        var store = try await ConversationStore.open(file, clock)
        _ = try await store.save(.init(key: key, step: "model", data: [:]))().get()
        await store.close()
        clock.advance(.seconds(2 * 86_400))
        store = try await ConversationStore.open(file, clock)
        #expect(try await store.sweep().get() == 0)
        clock.advance(TierPolicy().clockPatience)
        #expect(try await store.sweep().get() == 1)
        await store.close()
    }
}
