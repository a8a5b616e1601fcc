import Contracts
import Testing

@testable import Persistence

@Suite struct MemoryTierTests {
    private func record(_ user: Int, revision: Int64 = 1, text: String = "") -> ConversationRecord {
        ConversationRecord.saved(
            .init(key: ConversationKey(userID: "\(user)", chatID: "1"), step: "s", data: ["x": .string(text)]),
            over: nil,
            revision: Revision(rawValue: revision), now: Timestamp(milliseconds: 0), timeToLive: .seconds(1))
    }

    @Test func `Copies: evicted when room is needed, the recent ones last`() {
        let cost = record(0).memoryCost
        var memory = MemoryTier<ConversationRecord>(limit: cost * 10)
        for user in 0..<100 {
            memory.cache(record(user))
            #expect(memory.cost <= memory.limit)
            let found = memory.lookUp(record(user).key)
            #expect(found != nil)
        }
        let gone = memory.lookUp(record(0).key)
        #expect(gone == nil)
        let found = memory.lookUp(record(98).key)
        #expect(found != nil)
    }

    @Test func `A copy that is used: stays`() {
        let cost = record(0).memoryCost
        var memory = MemoryTier<ConversationRecord>(limit: cost * 10)
        memory.cache(record(1_000))
        for user in 0..<100 {
            memory.cache(record(user))
            let found = memory.lookUp(record(1_000).key)
            #expect(found != nil)
        }
    }

    @Test func `Records in memory only: never evicted, and refused above the bound`() {
        let cost = record(0).memoryCost
        var memory = MemoryTier<ConversationRecord>(limit: cost * 10)
        for user in 50..<55 { memory.cache(record(user)) }
        var refused = 0
        for user in 0..<20 where !memory.hold([record(user)]) { refused += 1 }
        #expect(refused > 0)
        #expect(memory.held.count == 20 - refused)
        #expect(memory.cost <= memory.limit)
        for user in 0..<memory.held.count { #expect(memory.isHeld(record(user).key)) }
    }

    @Test func `A refused record: changes nothing`() {
        var memory = MemoryTier<ConversationRecord>(limit: record(0).memoryCost)
        let isHeld = memory.hold([record(0)])
        #expect(isHeld)
        let isHeldToo = memory.hold([record(0, revision: 2, text: "much longer than before")])
        #expect(!isHeldToo)
        let stored = memory.lookUp(record(0).key)
        #expect(stored?.revision.rawValue == 1)
    }

    @Test func `A copy: replaces a record in memory only, up to its revision`() {
        var memory = MemoryTier<ConversationRecord>(limit: 1 << 20)
        _ = memory.hold([record(0, revision: 5)])
        memory.cache(record(0, revision: 4))
        #expect(memory.isHeld(record(0).key))
        memory.cache(record(0, revision: 5))
        #expect(!memory.isHeld(record(0).key))
        #expect(memory.heldCost == 0)
        let stored = memory.lookUp(record(0).key)
        #expect(stored?.revision.rawValue == 5)
    }
}

@Suite struct BreakerTests {
    @Test func `Waits: grow to their bound and end with a success`() {
        var breaker = Breaker()
        let now = ContinuousClock.now
        #expect(!breaker.isOpen)
        for failure in 0..<20 {
            breaker.failed(at: now)
            let wait = (breaker.probeAt ?? now) - now
            #expect(wait > .zero)
            #expect(wait <= min(Breaker.waitMax, Breaker.waitMin * (1 << min(failure, 10))))
        }
        breaker.succeeded()
        #expect(!breaker.isOpen)
        breaker.failed(at: now)
        #expect((breaker.probeAt ?? now) - now <= Breaker.waitMin)
    }
}
