import Contracts
import Testing

@testable import Persistence

@Suite struct DebtBookTests {
    private let since = Timestamp(milliseconds: 1_800_000_000_000)
    private func revision(_ number: Int64) -> Revision { Revision(rawValue: number) }

    /// A book in which neon was owed and paid `keys`, written down as they were owed.
    private func book(_ keys: [String]) -> DebtBook<String> {
        var book = DebtBook<String>()
        for (index, key) in keys.enumerated() {
            book.owes(key, revision(Int64(index + 1)), to: TierSet(.neon), since: since, isWritten: true)
            book.paid(key, revision(Int64(index + 1)), to: .neon)
        }
        return book
    }

    @Test func `A payment: stays written down until two more visits were left`() {
        var book = book(["a"])
        #expect(book.owed("a") == [] && book.isEmpty && book.unwritten.isEmpty)
        #expect(book.writtenDebt("a")?.tiers == TierSet(.neon))
        book.visitBegan(.neon)
        #expect(book.unwritten.isEmpty && book.writtenDebt("a")?.tiers == TierSet(.neon))
        book.visitBegan(.neon)
        #expect(book.unwritten == ["a"] && book.writtenDebt("a") == nil)
    }

    @Test func `Recent payments that may be lost: owed again, and no others`() {
        var book = book(["a", "b"])
        book.visitBegan(.neon)
        book.visitBegan(.neon)
        book.owes("c", revision(9), to: TierSet(.neon), since: since, isWritten: true)
        book.paid("c", revision(9), to: .neon)
        book.owesRecent(.neon)
        #expect(book.owed("c") == TierSet(.neon) && book.owed("a") == [] && book.count(.neon) == 1)
        #expect(book.take(.neon, limit: 9) == ["c"])
        book.paid("c", revision(9), to: .neon)
        #expect(book.count(.neon) == 0)
    }

    @Test func `What is written down of a key: owed to one tier, paid to another of late`() {
        var book = DebtBook<String>()
        book.owes("a", revision(1), to: TierSet([.neon, .supabase]), since: since, isWritten: true)
        book.paid("a", revision(1), to: .neon)
        #expect(book.owed("a") == TierSet(.supabase))
        #expect(book.writtenDebt("a")?.tiers == TierSet([.neon, .supabase]))
        book.forsake(.neon)
        #expect(book.writtenDebt("a")?.tiers == TierSet(.supabase) && book.unwritten == ["a"])
    }

    @Test func `Payments beyond the bound: the oldest are kept no longer`() {
        let max = RecentPayments<String>.keysMax
        let book = book((0..<2 * max + 1).map(String.init))
        #expect(book.unwritten == Set((0..<max).map(String.init)))
    }
}
