import CSQLite
import Contracts
import Dispatch
import Testing

@testable import Persistence

/// The store under faults: acknowledged records are there, no matter which call of the disk fails.
@Suite struct StoreTests {
    private static func key(_ user: Int) -> ConversationKey { ConversationKey(userID: "\(user)", chatID: "1") }

    private static func save(
        _ store: TieredStore<FaultyTable>, _ user: Int, _ text: String
    ) async -> Result<Stored<Revision>, RPCError> {
        await store.submit(touching: key(user)) { transaction throws(RPCError) in
            let stored = try transaction.get(Self.key(user))
            let record = ConversationRecord.saved(
                .init(key: Self.key(user), step: "s", data: ["text": .string(text)]), over: stored,
                revision: transaction.nextRevision(after: stored?.revision ?? .none), now: transaction.now,
                timeToLive: .seconds(3_600))
            transaction.put(record)
            return record.revision
        }.value
    }

    private static func text(_ store: TieredStore<FaultyTable>, _ user: Int) async throws -> String? {
        try await store.submit(touching: key(user)) { transaction throws(RPCError) in
            try transaction.get(Self.key(user))?.data["text"]?.stringValue
        }.value.get().output
    }

    private static func open(_ path: String, limit: Int = 1 << 20) async throws -> TieredStore<FaultyTable> {
        try await TieredStore(path: path, memoryLimit: limit, now: TestClock().now)
    }

    /// Waits until the store's status meets `condition`. The store retries by itself and gives no event to wait for.
    private static func until(_ store: TieredStore<FaultyTable>, _ condition: (StoreStatus) -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while !condition(store.currentStatus) {
            try #require(ContinuousClock.now < end, "the store did not come to the state that was awaited")
            await Task.yield()
        }
    }

    @Test func `A save: on disk and in memory`() async throws {
        let file = try TemporaryFile()
        let store = try await Self.open(file.path)
        let saved = try await Self.save(store, 1, "a").get()
        #expect(saved.placement == Placement([.sqlite, .memory]))
        #expect(store.cached(Self.key(1))?.record.data["text"] == "a")
        #expect(store.cached(Self.key(2)) == nil)
        await store.close()
        let again = try await Self.open(file.path)
        #expect(try await Self.text(again, 1) == "a")
        await again.close()
    }

    /// The Nth call fails, once or forever, for every N until no call is left to fail.
    @Test(arguments: [(SQLITE_FULL, false), (SQLITE_IOERR, false), (SQLITE_IOERR, true)])
    func `A save while the Nth call fails: in memory at once and on disk in the end`(
        _ code: Int32, _ commitsAnyway: Bool
    ) async throws {
        for callsBefore in 0..<12 {
            for count in [1, Int.max] {
                let file = try TemporaryFile()
                let store = try await Self.open(file.path)
                FaultyTable.set(
                    .init(callsBefore: callsBefore, count: count, code: code, commitsAnyway: commitsAnyway),
                    for: file.path)
                for turn in 0..<3 {
                    let saved = try await Self.save(store, 1, "\(turn)").get()
                    #expect(saved.placement.storedIn.contains(.memory))
                    #expect(try await Self.text(store, 1) == "\(turn)")
                    let other = try await Self.save(store, 2, "other \(turn)").get()
                    #expect(other.placement.isDurable == other.placement.storedIn.contains(.sqlite))
                }
                FaultyTable.heal(file.path)
                try await Self.until(store) { $0.pending == 0 && $0.isUp }
                await store.close()
                let again = try await Self.open(file.path)
                #expect(try await Self.text(again, 1) == "2")
                #expect(try await Self.text(again, 2) == "other 2")
                await again.close()
            }
        }
    }

    @Test func `A bug in a statement: reported to its caller and harmless to others`() async throws {
        let file = try TemporaryFile()
        let store = try await Self.open(file.path)
        _ = try await Self.save(store, 1, "before").get()
        FaultyTable.set(.init(callsBefore: 1, count: 1, code: SQLITE_CONSTRAINT), for: file.path)
        let refused = await Self.save(store, 1, "refused")
        #expect(throws: RPCError.self) { try refused.get() }
        FaultyTable.heal(file.path)
        #expect(store.currentStatus.isUp)
        #expect(try await Self.text(store, 1) == "before")
        #expect(try await Self.save(store, 1, "after").get().placement.isDurable)
        await store.close()
    }

    @Test func `A save that memory has no room for: refused without a change`() async throws {
        let file = try TemporaryFile()
        let store = try await Self.open(file.path, limit: 4_096)
        FaultyTable.set(.init(callsBefore: 0), for: file.path)
        var held: [Int] = []
        for user in 0..<30 {
            switch await Self.save(store, user, "x") {
            case .success(let saved):
                #expect(!saved.placement.isDurable)
                held.append(user)
            case .failure(let error): #expect(error.code == .unavailable)
            }
        }
        #expect((1..<30).contains(held.count))
        FaultyTable.heal(file.path)
        try await Self.until(store) { $0.pending == 0 && $0.isUp }
        for user in 0..<30 { #expect(try await Self.text(store, user) == (held.contains(user) ? "x" : nil)) }
        await store.close()
    }

    /// A record in memory that the table refuses keeps no other from the disk. It gets there once the table accepts it.
    @Test func `A record that the table refuses: tried again without delaying others`() async throws {
        let file = try TemporaryFile()
        let store = try await Self.open(file.path)
        FaultyTable.set(.init(callsBefore: 0), for: file.path)
        for user in 1...3 { #expect(try await Self.save(store, user, "x").get().placement == Placement([.memory])) }
        do {
            let other = try SQLiteConnection(path: file.path)
            try other.execute(
                """
                CREATE TRIGGER refusing BEFORE INSERT ON conversation_states WHEN new.user_id = '2'
                BEGIN SELECT RAISE(ABORT, 'refused'); END
                """)
        }
        FaultyTable.heal(file.path)
        try await Self.until(store) { $0.isUp && $0.pending == 1 }
        #expect(store.cached(Self.key(2))?.placement == Placement([.memory]))
        do { try SQLiteConnection(path: file.path).execute("DROP TRIGGER refusing") }
        try await Self.until(store) { $0.isUp && $0.pending == 0 }
        await store.close()
        let again = try await Self.open(file.path)
        #expect(try await Self.text(again, 2) == "x")
        await again.close()
    }

    @Test func `Many submitters: share commits`() async throws {
        let file = try TemporaryFile()
        let store = try await Self.open(file.path)
        FaultyTable.set(.init(callsBefore: .max), for: file.path)
        await withTaskGroup(of: Bool.self) { group in
            for user in 0..<200 {
                group.addTask {
                    for turn in 0..<10 {
                        guard case .success(let saved) = await Self.save(store, user, "\(turn)"),
                            saved.placement.isDurable
                        else { return false }
                    }
                    return true
                }
            }
            for await isGood in group { #expect(isGood) }
        }
        for user in 0..<200 { #expect(try await Self.text(store, user) == "9") }
        // 2,000 puts, and a begin and a commit for each batch.
        #expect(FaultyTable.calls(file.path) < 2_000 + 2 * 2_000 / 2)
        await store.close()
    }

    @Test func `Operations on one key: see each other in order`() async throws {
        let file = try TemporaryFile()
        for isAway in [false, true] {
            let store = try await Self.open(file.path)
            if isAway { FaultyTable.set(.init(callsBefore: 0), for: file.path) }
            let promises = (0..<50).map { turn in
                store.submit(touching: Self.key(1)) { transaction throws(RPCError) in
                    let stored = try transaction.get(Self.key(1))
                    let count = (stored?.data["count"]?.integerValue ?? 0) + 1
                    transaction.put(
                        ConversationRecord.saved(
                            .init(key: Self.key(1), step: "s", data: ["count": .integer(count)], updateID: Int64(turn)),
                            over: stored, revision: transaction.nextRevision(after: stored?.revision ?? .none),
                            now: transaction.now, timeToLive: .seconds(60)))
                    return count
                }
            }
            var counts: [Int64] = []
            for promise in promises { counts.append(try await promise.value.get().output) }
            #expect(counts == (1...50).map { $0 + (isAway ? 50 : 0) })
            FaultyTable.heal(file.path)
            await store.close()
        }
    }

    @Test func `A closed store: unavailable`() async throws {
        let file = try TemporaryFile()
        let store = try await Self.open(file.path)
        await store.close()
        await store.close()
        let refused = await Self.save(store, 1, "late")
        #expect { try refused.get() } throws: { ($0 as? RPCError)?.code == .unavailable }
    }

    /// A disk that cannot be opened at the start does not stop the store. The store starts, and opens the disk later.
    @Test func `A file that cannot be opened at the start: opened later`() async throws {
        let file = try TemporaryFile("missing/test.db")
        let store = try await Self.open(file.path)
        #expect(!store.currentStatus.isUp)
        let refused = await Self.save(store, 1, "x")
        #expect { try refused.get() } throws: { ($0 as? RPCError)?.code == .unavailable }
        try makeDirectory(of: file.path)
        try await Self.until(store) { $0.isUp }
        #expect(try await Self.save(store, 1, "x").get().placement.isDurable)
        await store.close()
    }

    /// The disk fails at a commit that several changes share, and memory has no room for the first. Operations that
    /// were decided over that change, on its key or on another, are decided again.
    @Test func `An operation that was decided over a refused change: decided again`() async throws {
        let file = try TemporaryFile()
        let store = try await Self.open(file.path, limit: 4_096)
        // While the thread is busy, the other operations gather: a begin, two puts, and the commit, which fails.
        let gathered = DispatchSemaphore(value: 0)
        let started = Promise<Void>()
        let busy = store.submit { _ throws(RPCError) in
            started.fulfill(())
            gathered.wait()
        }
        await started.value
        FaultyTable.set(.init(callsBefore: 3), for: file.path)
        let large = store.submit(touching: Self.key(1)) { transaction throws(RPCError) in
            let text = String(repeating: "x", count: 5_000)
            transaction.put(
                .saved(
                    .init(key: Self.key(1), step: "s", data: ["text": .string(text)], updateID: 1), over: nil,
                    revision: transaction.nextRevision(after: .none), now: transaction.now, timeToLive: .seconds(60)))
        }
        let dependent = store.submit(touching: Self.key(2)) { transaction throws(RPCError) in
            let other = try transaction.get(Self.key(1))
            let text = other == nil ? "alone" : "beside the large one"
            transaction.put(
                .saved(
                    .init(key: Self.key(2), step: "s", data: ["text": .string(text)]), over: nil,
                    revision: transaction.nextRevision(after: .none), now: transaction.now, timeToLive: .seconds(60)))
        }
        let reader = store.submit { transaction throws(RPCError) in try transaction.get(Self.key(1)) == nil }
        gathered.signal()
        _ = try await busy.value.get()
        let refused = await large.value
        #expect { try refused.get() } throws: { ($0 as? RPCError)?.code == .unavailable }
        #expect(try await dependent.value.get().placement == Placement([.memory]))
        #expect(try await reader.value.get().output)
        #expect(try await Self.text(store, 2) == "alone")
        FaultyTable.heal(file.path)
        await store.close()
    }
}
