import Contracts
import Testing

@testable import Persistence

/// A tier of records, as the statements about all tiers use it.
protocol TierUnderTest<Record> {
    associatedtype Record: SampleRecord

    func put(_ records: [Record]) async throws
    /// The records of a walk through the whole tier, in its order.
    func walk() async throws -> [Record]
}

protocol SampleRecord: TieredRecord, Equatable {
    /// - Parameter variant: a variant of the content.
    static func sample(_ number: Int, _ revision: Revision, variant: Int, isTombstone: Bool) -> Self
}

extension ConversationRecord: SampleRecord {
    static func sample(
        _ number: Int, _ revision: Revision, variant: Int, isTombstone: Bool
    ) -> ConversationRecord {
        Samples.conversation(
            revision, user: ["7", "é", "Z", "a", "🔧", "10"][number % 6], chat: "-\(number)",
            step: "step \(variant)", closed: isTombstone)
    }
}

extension MachineRecord: SampleRecord {
    static func sample(_ number: Int, _ revision: Revision, variant: Int, isTombstone: Bool) -> MachineRecord {
        var record = Samples.machine(revision, number: number, deleted: isTombstone)
        record.details.texts[.serialNumber] = "SN \(variant)"
        return record
    }
}

/// Statements that are true of every tier of records, however it stores them.
enum TierStatement: String, CaseIterable, CustomTestStringConvertible {
    case contentComesBackWhole = "content comes back whole"
    case newestRevisionWins = "the newest revision wins"
    case sameAgainChangesNothing = "the same again changes nothing"
    case tombstonesAreRecords = "a tombstone is a record, and what is older does not end it"
    case theWalkReachesEachOnce = "a walk reaches every record once"

    var testDescription: String { rawValue }

    func hold<Record: SampleRecord>(of tier: some TierUnderTest<Record>) async throws {
        switch self {
        case .contentComesBackWhole:
            let records = [make(0, 1), make(1, 1, variant: 2), make(2, 1, isTombstone: true)] as [Record]
            try await tier.put(records)
            let found = try await tier.walk()
            #expect(found.count == 3)
            for record in found { #expect(records.contains(record)) }
        case .newestRevisionWins:
            try await expectEach(
                of: tier,
                [
                    (make(0, 10), true), (make(0, 9, variant: 2), false), (make(0, 10, variant: 3), false),
                    (make(0, 12, variant: 4), true), (make(0, 11, variant: 5), false), (make(0, 13, variant: 6), true),
                ])
        case .sameAgainChangesNothing:
            let records = [make(0, 1), make(1, 2, isTombstone: true), make(2, 3)] as [Record]
            try await tier.put(records)
            let before = try await tier.walk()
            try await tier.put(records)
            for record in records { try await tier.put([record]) }
            #expect(try await tier.walk() == before)
        case .tombstonesAreRecords:
            try await expectEach(
                of: tier,
                [
                    (make(0, 10, isTombstone: true), true), (make(0, 9), false), (make(0, 10), false),
                    (make(0, 11), true), (make(0, 12, isTombstone: true), true), (make(0, 11, variant: 2), false),
                    (make(0, 13, variant: 3), true), (make(0, 12, isTombstone: true), false),
                ])
        case .theWalkReachesEachOnce:
            let records = (0..<60).map { make($0, Int64($0), isTombstone: $0 % 3 == 0) } as [Record]
            for batch in [records[20...], records[..<20]] { try await tier.put(batch.shuffled()) }
            let found = try await tier.walk()
            #expect(found.count == 60)
            #expect(Set(found.map(\.key)) == Set(records.map(\.key)))
            for record in found { #expect(records.contains(record)) }
        }
    }

    private func make<Record: SampleRecord>(
        _ number: Int, _ revision: Int64, variant: Int = 1, isTombstone: Bool = false
    ) -> Record {
        .sample(number, Revision(number: revision), variant: variant, isTombstone: isTombstone)
    }

    /// Puts records of one key, one after another. Some of them replace the stored one.
    private func expectEach<Record: SampleRecord>(
        of tier: some TierUnderTest<Record>, _ puts: [(record: Record, isTaken: Bool)]
    ) async throws {
        var expected: Record?
        for (step, (record, isTaken)) in puts.enumerated() {
            try await tier.put([record])
            if isTaken { expected = record }
            #expect(try await tier.walk() == [expected].compactMap(\.self), "put \(step)")
        }
    }
}
