import Contracts
import Testing

@testable import Persistence

/// The bound of removals by one tier.
@Suite struct ToldRemovalsTests {
    private func tombstone(_ number: Int) -> MachineRecord {
        let moment = Timestamp(milliseconds: 1_800_000_000_000 + Int64(number))
        return MachineRecord(
            id: "\(number)", revision: Revision(at: moment), userID: "7", details: MachineDetails(nickname: "Pump"),
            createdAt: moment, updatedAt: moment, deletedAt: moment)
    }

    private func told(_ numbers: Range<Int>) -> ToldRemovals<MachineRecord> {
        var removals = ToldRemovals<MachineRecord>()
        removals.told(numbers.map(tombstone))
        return removals
    }

    /// - Parameter live: the number of live records before any removal.
    private func areTooMany(_ count: Int, of live: Int) -> Bool {
        told(0..<count).areTooMany(removalsMax: 100, share: 10, live: live)
    }

    @Test func `The bound: a hundred records, and a tenth of the live ones if that is more`() {
        #expect(!areTooMany(100, of: 100) && areTooMany(101, of: 101))
        #expect(areTooMany(101, of: 1_009) && !areTooMany(101, of: 1_010))
        #expect(!areTooMany(500, of: 5_000) && areTooMany(501, of: 5_000))
    }

    @Test func `A visit: counts its earlier removals, and the next one begins at zero`() {
        var removals = told(0..<60)
        #expect(!removals.areTooMany(removalsMax: 100, share: 10, live: 200))
        removals.taken()
        removals.told((60..<120).map(tombstone))
        #expect(removals.areTooMany(removalsMax: 100, share: 10, live: 140))
        removals.visitBegan()
        #expect(!removals.areTooMany(removalsMax: 100, share: 10, live: 140))
    }

    @Test func `A removal that is reported twice: counts once`() {
        var removals = told(0..<60)
        removals.told((0..<60).map(tombstone))
        #expect(removals.count == 60 && removals.areAllKept)
    }

    @Test func `A decision: concerns the deferred removals, up to their last revision`() {
        var removals = told(0..<120)
        #expect(removals.decided(.accept) == 0 && removals.rule == .collect)
        removals.heldBack()
        #expect(removals.count == 0 && removals.held?.count == 120)
        #expect(removals.decided(.reject) == 120)
        #expect(removals.rule == .putBack(upTo: tombstone(119).revision))
        #expect(removals.decided(.accept) == 120)
        #expect(removals.rule == .take(upTo: tombstone(119).revision))
        removals.taken()
        #expect(removals.held == nil && removals.rule == .collect)
    }

    @Test func `A tier that reported removals: lacks our records until they are carried out`() {
        var removals = ToldRemovals<MachineRecord>()
        #expect(!removals.areUntaken)
        removals.told([tombstone(1)])
        removals.forgotten()
        #expect(removals.areUntaken)
        removals.told((0..<120).map(tombstone))
        removals.heldBack()
        #expect(removals.areUntaken)
        #expect(removals.decided(.accept) == 120)
        #expect(removals.areUntaken)
        removals.taken()
        #expect(!removals.areUntaken)
    }

    /// There are more than memory keeps.
    @Test func `Many removals within the bound: carried out by a second walk, and counted once`() {
        var removals = told(0..<1_500)
        #expect(!removals.areAllKept && !removals.areTooMany(removalsMax: 100, share: 10, live: 20_000))
        removals.takenByNextWalk()
        #expect(removals.rule == .take(upTo: tombstone(1_499).revision) && removals.takenInVisit == 1_500)
        removals.taken()
        #expect(removals.takenInVisit == 1_500 && removals.rule == .collect)
    }
}
