import Contracts
import Synchronization
import TestSupport
import Testing

@testable import Persistence

/// One suite for every tier: disk, memory and a real PostgreSQL.
@Suite(.serialized) struct TierContractTests {
    @Test(arguments: TierStatement.allCases)
    func `A SQLite table: keeps the contract of a tier`(_ statement: TierStatement) async throws {
        let directory = try TestDirectory()
        try await statement.hold(of: LocalTier(try ConversationTable(path: directory.path + "/state.db")))
        try await statement.hold(of: LocalTier(try MachineTable(path: directory.path + "/library.db")))
    }

    @Test(arguments: TierStatement.allCases, [false, true])
    func `The memory tier: keeps the contract of a tier`(_ statement: TierStatement, _ isHeld: Bool) async throws {
        try await statement.hold(of: MemoryUnderTest<ConversationRecord>(isHeld: isHeld))
        try await statement.hold(of: MemoryUnderTest<MachineRecord>(isHeld: isHeld))
    }

    @Test(.needsPostgres, arguments: TierStatement.allCases, [false, true])
    func `A PostgreSQL tier: keeps the contract of a tier`(
        _ statement: TierStatement, _ isMakingWay: Bool
    ) async throws {
        let databases = try await TierDatabases(1)
        let conversations = try await RemoteUnderTest(
            PostgresConversationTable.self, databases.targets[0].target, isMakingWay: isMakingWay)
        try await statement.hold(of: conversations)
        let machines = try await RemoteUnderTest(
            PostgresMachineTable.self, databases.targets[0].target, isMakingWay: isMakingWay)
        try await statement.hold(of: machines)
        conversations.end()
        machines.end()
    }
}

extension TierContractTests {
    /// A visit that was not expected stays, and is reported.
    @Test(.needsPostgres) func `A visit: replaces only the known one`() async throws {
        let databases = try await TierDatabases(1)
        let tier = try await RemoteUnderTest(
            PostgresMachineTable.self, databases.targets[0].target, isMakingWay: false)
        #expect(try await tier.touch(visit: 0, next: 5) == TierContact(mark: 17, visit: 5))
        #expect(try await tier.touch(visit: 0, next: 6) == TierContact(mark: 17, visit: 5))
        #expect(try await tier.touch(visit: 5, next: 5) == TierContact(mark: 17, visit: 5))
        #expect(try await tier.touch(visit: 5, next: .max) == TierContact(mark: 17, visit: .max))
        tier.end()
    }
}

private struct LocalTier<Table: LocalTable>: TierUnderTest where Table.Record: SampleRecord {
    let table: Table

    init(_ table: Table) { self.table = table }

    func put(_ records: [Table.Record]) throws {
        try table.begin()
        try table.makeWay(for: records)
        for record in records { try table.put(record) }
        try table.commit()
    }

    func walk() throws -> [Table.Record] {
        var records: [Table.Record] = []
        while true {
            let keys = try table.keys(after: records.last?.key, limit: 7)
            for (key, revision) in keys {
                let record = try #require(try table.get(key))
                #expect(record.revision == revision)
                records.append(record)
            }
            if keys.count < 7 {
                #expect(try table.count() == records.count)
                return records
            }
        }
    }
}

/// - Note: a class, because a tier under test is shared.
private final class MemoryUnderTest<Record: SampleRecord>: TierUnderTest {
    private var tier = MemoryTier<Record>(limit: 4 << 20)
    private let isHeld: Bool

    /// - Parameter isHeld: whether no other tier has the records.
    init(isHeld: Bool) { self.isHeld = isHeld }

    func put(_ records: [Record]) {
        if isHeld { hold(records) } else { records.forEach { tier.cache($0) } }
    }

    private func hold(_ records: [Record]) {
        let isThereRoom = tier.hold(records)
        #expect(isThereRoom)
    }

    func walk() -> [Record] {
        let records = Array(tier.held.values) + tier.copies
        for record in records {
            let found = tier.lookUp(record.key)
            #expect(found == record)
        }
        return records.sorted { $0.key.cursorText < $1.key.cursorText }
    }
}

/// A PostgreSQL tier, used through the calls that a store makes.
private final class RemoteUnderTest<Table: PostgresTable>: TierUnderTest, Sendable where Table.Record: SampleRecord {
    typealias Record = Table.Record

    /// The waiter for the next report.
    private final class Reports: Sendable {
        private let waiting = Mutex<Promise<TierEvent<Record>>?>(nil)

        func arrived(_ event: TierEvent<Record>) { waiting.withLock { $0.take() }?.fulfill(event) }

        func answer(to ask: () -> Void) async -> TierEvent<Record> {
            let promise = Promise<TierEvent<Record>>()
            waiting.withLock { $0 = promise }
            ask()
            return await promise.value
        }
    }

    private let reports = Reports()
    private let tier: PostgresTier<Table>
    private let isMakingWay: Bool

    init(_ table: Table.Type, _ target: PostgresTarget, isMakingWay: Bool) async throws {
        self.isMakingWay = isMakingWay
        tier = PostgresTier(target, now: { Samples.moment }) { [reports] _, event in reports.arrived(event) }
        let event = await reports.answer { tier.connect(link: 1, mark: 17) }
        guard case .connected(let contact) = event else { throw Unexpected() }
        #expect(contact == TierContact(mark: 17, visit: 0))
    }

    func touch(visit: Int64, next: Int64) async throws -> TierContact {
        let event = await reports.answer { tier.touch(visit: visit, next: next, link: 1, request: 4) }
        guard case .answered(request: 4, .touched(let contact)) = event else { throw Unexpected() }
        return contact
    }

    func put(_ records: [Record]) async throws {
        let event = await reports.answer { tier.write(records, makingWay: isMakingWay, link: 1, request: 5) }
        guard case .answered(request: 5, .written(let unstored)) = event else { throw Unexpected() }
        // What it did not take, it has newer, or with other content.
        for item in unstored {
            guard case .held(let row) = item.cause else { throw Unexpected() }
            let sent = records[item.index]
            #expect(row.record.key == sent.key && row.record.revision >= sent.revision && row.record != sent)
        }
    }

    func walk() async throws -> [Record] {
        var records: [Record] = []
        var after: Record.Key?
        repeat {
            let event = await reports.answer {
                tier.readPage(after: after, newerThan: .none, limit: 7, link: 1, request: 6)
            }
            guard case .answered(request: 6, .page(let page)) = event else { throw Unexpected() }
            #expect(page.unreadable.isEmpty && page.rows.allSatisfy(\.isStamped))
            records += page.rows.map(\.record)
            after = page.next
        } while after != nil
        return records
    }

    func end() { tier.disconnect(link: 1) }
}
