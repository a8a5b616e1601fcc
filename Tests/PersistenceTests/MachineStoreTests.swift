import CSQLite
import Contracts
import Foundation
import TestSupport
import Testing

@testable import Persistence

@Suite struct MachineStoreTests {
    private func open(_ file: TemporaryFile, _ clock: TestClock = TestClock()) async throws -> MachineStore {
        try await MachineStore(path: file.path, memoryLimit: 1 << 20, now: clock.now, steady: clock.steady)
    }

    private func add(
        _ store: MachineStore, _ nickname: String, user: String = "7", request: String = UUID().uuidString.lowercased(),
        _ texts: [MachineField: String] = [:]
    ) async -> Result<StoredMachine, RPCError> {
        await store.add(
            .init(requestID: request, userID: user, details: MachineDetails(nickname: nickname, texts: texts)))()
    }

    private func isRefused<Output>(_ result: Result<Output, RPCError>, _ code: RPCError.Code) -> RPCError? {
        guard case .failure(let error) = result, error.code == code else { return nil }
        return error
    }

    @Test func `A request: adds one machine, however often it comes`() async throws {
        let file = try TemporaryFile()
        let store = try await open(file)
        let request = UUID().uuidString.lowercased()
        let first = try await add(store, "Pump", request: request).get()
        #expect(first.isDurable)
        #expect(try await add(store, "Pump", request: request).get().machine == first.machine)
        #expect(try await add(store, "Another", request: request).get().machine == first.machine)
        let reference = MachineReference(userID: "7", id: first.machine.id)
        #expect(try await store.delete(reference)().get().deleted)
        // Even after its deletion, it is not added again.
        #expect(try await add(store, "Pump", request: request).get().machine.id == first.machine.id)
        #expect(try await store.list(.init(userID: "7"))().get().total == 0)
        #expect(
            isRefused(await add(store, "Pump", user: "8", request: request), .invalidArgument)?.field == "request_id")
        await store.close()
    }

    /// The file has lost the row, as when a page of it breaks, but memory still has it.
    @Test func `A request whose row the table has lost: adds no second machine`() async throws {
        let file = try TemporaryFile()
        let clock = TestClock()
        let store = try await open(file, clock)
        let request = UUID().uuidString.lowercased()
        let first = try await add(store, "Pump", request: request).get()
        try SQLiteConnection(path: file.path).execute("DELETE FROM user_machines")
        clock.advance(.seconds(-3_600))
        #expect(try await add(store, "Another", request: request).get().machine == first.machine)
        await store.close()
    }

    @Test func `A duplicate nickname: refused with a free suggestion`() async throws {
        let file = try TemporaryFile()
        let store = try await open(file)
        _ = try await add(store, "Straße").get()
        for nickname in ["Straße", "STRASSE", "strasse"] {
            let error = try #require(isRefused(await add(store, nickname), .duplicateNickname))
            #expect(
                try await store.checkNickname(.init(userID: "7", nickname: error.suggestion ?? ""))().get().available)
        }
        #expect(try await add(store, "Straße", user: "8").get().machine.userID == "8")
        for number in 2...30 {
            let error = try #require(isRefused(await add(store, "Straße"), .duplicateNickname))
            #expect(error.suggestion == "Straße (\(number))")
            _ = try await add(store, error.suggestion ?? "").get()
        }
        #expect(isRefused(await add(store, "straße (7)"), .duplicateNickname)?.suggestion == "straße (31)")
        await store.close()
    }

    /// Another program inserts or changes rows while the service has the file open.
    @Test(arguments: [
        "INSERT INTO user_machines (user_id, nickname) VALUES ('7', 'Valve')",
        "INSERT INTO user_machines (user_id, nickname, machine_id) VALUES ('7', 'Valve', 'f0000000-0000-4000-8000-00000000000f')",
        "UPDATE user_machines SET nickname = 'Valve' WHERE nickname = 'Pump'",
    ])
    func `A nickname that another program took in SQLite: is a duplicate, and no internal error`(_ sql: String)
        async throws
    {
        let file = try TemporaryFile()
        let store = try await open(file)
        _ = try await add(store, "Pump").get()
        let other = try Database(file.path)
        try other.rows(sql)
        if sql.hasPrefix("INSERT") {
            let check = try await store.checkNickname(.init(userID: "7", nickname: "VALVE"))().get()
            #expect(!check.available && check.suggestion == "VALVE (2)")
        }
        let error = try #require(isRefused(await add(store, "Valve"), .duplicateNickname))
        #expect(error.suggestion == "Valve (2)")
        _ = try await add(store, "Valve (2)").get()
        let listed = try await store.list(.init(userID: "7"))().get()
        #expect(listed.total == Int64(listed.machines.count) && listed.machines.allSatisfy { $0.id.isUUID })
        await store.close()
    }

    /// There are more rows than one pass reads, and no call asks for one.
    @Test func `Many rows that another program puts into SQLite: get an id each, at the next sign of life`()
        async throws
    {
        let file = try TemporaryFile()
        let store = try await open(file)
        await store.pulse()
        let other = try Database(file.path)
        try other.rows(
            """
            WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 450)
            INSERT INTO user_machines (user_id, nickname) SELECT '7', 'Machine ' || number FROM numbers
            """)
        for _ in 1...5 { await store.pulse() }
        #expect(try other.rows("SELECT count(DISTINCT machine_id) FROM user_machines") == [["450"]])
        #expect(try await store.list(.init(userID: "7", limit: 100))().get().total == 450)
        await store.close()
    }

    @Test func `A change: needs the stored revision`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await open(file, clock)
        let machine = try await add(store, "Pump", [.notes: "old", .location: "Hall"]).get().machine
        _ = try await add(store, "Taken").get()
        let reference = MachineReference(userID: "7", id: machine.id)
        func update(_ revision: Revision, _ changes: MachineChanges) async -> Result<StoredMachine, RPCError> {
            await store.update(.init(reference: reference, expectedRevision: revision, changes: changes))()
        }
        clock.advance(.seconds(5))
        let changed = try await update(machine.revision, .init(nickname: "PUMP", texts: [.notes: nil])).get().machine
        #expect(changed.details == MachineDetails(nickname: "PUMP", texts: [.location: "Hall"]))
        #expect(changed.updatedAt == changed.createdAt.advanced(by: .seconds(5)))
        let stale = try #require(isRefused(await update(machine.revision, .init(nickname: "X2")), .revisionConflict))
        #expect(stale.revision == changed.revision.rawValue)
        #expect(isRefused(await update(changed.revision, .init(nickname: "taken")), .duplicateNickname) != nil)
        #expect(try await update(changed.revision, .init()).get().machine.revision == changed.revision)
        #expect(try await store.list(.init(userID: "7", query: "old"))().get().total == 0)
        let foreign = MachineReference(userID: "8", id: machine.id)
        #expect(isRefused(await store.get(foreign)(), .notFound) != nil)
        #expect(try await store.delete(foreign)().get().deleted == false)
        await store.close()
    }

    @Test func `A deleted machine: can be restored for thirty days`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await open(file, clock)
        let machine = try await add(store, "Pump", [.notes: "kept"]).get().machine
        let reference = MachineReference(userID: "7", id: machine.id)
        #expect(try await store.delete(reference)().get() == .init(deleted: true, isDurable: true))
        #expect(try await store.delete(reference)().get().deleted == false)
        #expect(isRefused(await store.get(reference)(), .notFound) != nil)
        let successor = try await add(store, "pump").get().machine
        #expect(
            isRefused(await store.restore(.init(reference: reference))(), .duplicateNickname)?.suggestion == "Pump (2)")
        let restored = try await store.restore(.init(reference: reference, nickname: "Old pump"))().get().machine
        #expect(restored.details == MachineDetails(nickname: "Old pump", texts: [.notes: "kept"]))
        #expect(restored.createdAt == machine.createdAt && restored.revision > machine.revision)
        #expect(try await store.restore(.init(reference: reference))().get().machine == restored)
        #expect(try await store.list(.init(userID: "7"))().get().total == 2)
        _ = try await store.delete(.init(userID: "7", id: successor.id))().get()
        clock.advance(LibraryRestore.keptFor)
        #expect(
            isRefused(await store.restore(.init(reference: .init(userID: "7", id: successor.id)))(), .notFound) != nil)
        #expect(try await store.prune().get() == 0)
        clock.advance(TierPolicy().clockPatience)
        #expect(try await store.prune().get() == 1)
        #expect(try await store.prune().get() == 0)
        #expect(isRefused(await store.get(.init(userID: "7", id: successor.id))(), .notFound) != nil)
        await store.close()
    }

    @Test func `A clock that is a month ahead for five seconds: empties no deleted machine`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await open(file, clock)
        let machine = try await add(store, "Pump", [.notes: "kept"]).get().machine
        clock.advance(.seconds(3_600))
        _ = try await store.delete(.init(userID: "7", id: machine.id))().get()
        clock.jump(.seconds(40 * 86_400))
        #expect(try await store.prune().get() == 0)
        clock.advance(.seconds(5))
        #expect(try await store.prune().get() == 0)
        clock.jump(.seconds(-40 * 86_400))
        clock.advance(TierPolicy().clockPatience)
        #expect(try await store.prune().get() == 0)
        let restored = try await store.restore(.init(reference: .init(userID: "7", id: machine.id)))().get().machine
        #expect(restored.details == machine.details)
        await store.close()
    }

    @Test func `A list: newest first over all pages`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await open(file, clock)
        for number in 0..<45 {
            // Some have the same creation time.
            if number.isMultiple(of: 3) { clock.advance(.milliseconds(1)) }
            _ = try await add(store, "Machine \(number)").get()
        }
        _ = try await add(store, "Other", user: "8").get()
        for query in [nil, "machi"] {
            var seen: [Machine] = []
            var cursor: String?
            repeat {
                let page = try await store.list(.init(userID: "7", limit: 10, cursor: cursor, query: query))().get()
                #expect(page.total == 45 && page.machines.count <= 10)
                seen += page.machines
                cursor = page.nextCursor
            } while cursor != nil
            #expect(Set(seen.map(\.id)).count == 45)
            #expect(seen.map(\.createdAt) == seen.map(\.createdAt).sorted(by: >))
        }
        #expect(throws: RPCError.self) { try store.list(.init(userID: "7", cursor: "nonsense")) }
        await store.close()
    }

    @Test(arguments: [
        ("3rq", true), ("3RQ2000-2AW00", true), ("2aw", true), ("siem comp", true), ("BUILDING panel", true),
        ("ванк", true),
        ("🔧", true), ("", true), ("   ", true), ("rq2000", false), ("siemens pump", false), ("\"", false), ("*", false),
        ("NOT", false), ("a\" OR \"b", false), ("nickname:main", false), ("main^", true), ("-3RQ", true),
        ("photo", false),
    ])
    func `A search: finds machines by the beginnings of words`(_ query: String, _ isFound: Bool) async throws {
        let file = try TemporaryFile()
        let store = try await open(file)
        _ = try await add(
            store, "Main compressor",
            [
                .manufacturer: "Siemens", .modelNumber: "3RQ2000-2AW00", .location: "Building A, Panel 3",
                .notes: "Иванко 🔧 replaced\nrelay, ванка", .photoFileID: "photo1",
            ]
        ).get()
        _ = try await add(store, "Main compressor Siemens 3RQ", user: "8").get()
        #expect(try await store.list(.init(userID: "7", query: query))().get().total == (isFound ? 1 : 0))
        await store.close()
    }

    @Test func `Many adds of one nickname at once: add one machine`() async throws {
        let file = try TemporaryFile()
        let store = try await open(file)
        let outcomes = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 { group.addTask { (try? await add(store, "Pump").get()) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(outcomes == 1)
        await store.close()
    }
}

/// A database that another program has locked for writing until `release`: to the store, the disk is unavailable.
private final class HeldFile {
    private var handle: OpaquePointer?

    init(_ path: String) throws {
        try #require(sqlite3_open(path, &handle) == SQLITE_OK)
        try #require(sqlite3_exec(handle, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK)
    }

    deinit { release() }

    func release() {
        sqlite3_close(handle)
        handle = nil
    }
}

@Suite struct MachinesHeldInMemoryTests {
    /// Only the last nickname of each machine is still to be written, and the rows have nicknames that moved on since.
    @Test func `Nicknames that were swapped while the disk was away: reach the disk`() async throws {
        let file = try TemporaryFile()
        let store = try await MachineStore(path: file.path, memoryLimit: 1 << 20, now: TestClock().now)
        var machines: [Machine] = []
        for nickname in ["Pump", "Fan", "Drill"] {
            let request = UUID().uuidString.lowercased()
            machines.append(
                try await store.add(
                    .init(requestID: request, userID: "7", details: MachineDetails(nickname: nickname)))().get().machine
            )
        }
        let disk = try HeldFile(file.path)
        func rename(_ index: Int, _ nickname: String) async throws {
            let changed = try await store.update(
                .init(
                    reference: .init(userID: "7", id: machines[index].id), expectedRevision: machines[index].revision,
                    changes: MachineChanges(nickname: nickname)))().get()
            #expect(!changed.isDurable)
            machines[index] = changed.machine
        }
        try await rename(0, "Spare")
        try await rename(1, "Pump")
        try await rename(0, "Fan")
        #expect(try await store.delete(.init(userID: "7", id: machines[2].id))().get().deleted)
        try await rename(1, "Drill")
        disk.release()
        try await eventually("the disk has what memory held", within: .seconds(30)) {
            store.status.isUp && store.status.pending == 0
        }
        await store.close()
        let again = try await MachineStore(path: file.path, memoryLimit: 1 << 20, now: TestClock().now)
        let listed = try await again.list(.init(userID: "7"))().get()
        #expect(
            Dictionary(grouping: listed.machines, by: \.id).mapValues { $0[0].details.nickname } == [
                machines[0].id: "Fan", machines[1].id: "Drill",
            ])
        #expect(try await again.list(.init(userID: "7", query: "drill"))().get().total == 1)
        await again.close()
    }
}

@Suite struct MachinePagesTests {
    /// 100 machines with the longest fields do not fit into a frame.
    @Test func `Every page: fits a frame`() async throws {
        let (file, clock) = (try TemporaryFile(), TestClock())
        let store = try await MachineStore(path: file.path, memoryLimit: 1 << 26, now: clock.now, steady: clock.steady)
        let notes = String(repeating: "🔧", count: 2_000)
        let ocr = JSONValue.object(["text": .string(String(repeating: "x", count: 60_000))])
        for number in 0..<30 {
            clock.advance(.milliseconds(1))
            let details = MachineDetails(nickname: "Machine \(number)", texts: [.notes: notes], ocrData: ocr)
            _ = try await store.add(
                .init(requestID: UUID().uuidString.lowercased(), userID: "7", details: details))().get()
        }
        var seen: Set<String> = []
        var cursor: String?
        repeat {
            let page = try await store.list(.init(userID: "7", limit: 100, cursor: cursor))().get()
            #expect(page.total == 30 && !page.machines.isEmpty)
            #expect(page.json.serialized().count < 1_000_000)
            seen.formUnion(page.machines.map(\.id))
            cursor = page.nextCursor
        } while cursor != nil
        #expect(seen.count == 30)
        await store.close()
    }

    @Test(arguments: [Int64.min, .max, 253_402_300_800_000])
    func `A cursor without a valid date: refused`(_ milliseconds: Int64) async throws {
        let file = try TemporaryFile()
        let store = try await MachineStore(path: file.path, memoryLimit: 1 << 20, now: TestClock().now)
        #expect { try store.list(.init(userID: "7", cursor: "[\(milliseconds),\"x\"]")) } throws: {
            ($0 as? RPCError)?.field == "cursor"
        }
        await store.close()
    }
}
