import Contracts
import Testing

@testable import Persistence

@Suite struct DebtBookTests {
    private let since = Timestamp(milliseconds: 1_800_000_000_000)
    private func revision(_ number: Int64) -> Revision { Revision(rawValue: number) }

    /// A book in which neon was owed and paid `keys`, each with a written note.
    private func book(_ keys: [String]) -> DebtBook<String> {
        var book = DebtBook<String>()
        for (index, key) in keys.enumerated() {
            book.owes(key, revision(Int64(index + 1)), to: TierSet(.neon), since: since)
            note(key, &book)
            book.paid(key, revision(Int64(index + 1)), to: .neon)
        }
        return book
    }

    /// Commits the note of `key`.
    private func note(_ key: String, _ book: inout DebtBook<String>) {
        if let debt = book.writtenDebt(key) { book.written([debt]) }
    }

    private func change(_ key: String, _ number: Int64, of tiers: [TierName]) -> Debt<String> {
        Debt(key: key, revision: revision(number), tiers: TierSet(tiers), since: since)
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
        book.owes("c", revision(9), to: TierSet(.neon), since: since)
        note("c", &book)
        book.paid("c", revision(9), to: .neon)
        book.owesRecent(.neon)
        #expect(book.owed("c") == TierSet(.neon) && book.owed("a") == [] && book.count(.neon) == 1)
        #expect(book.take(.neon, limit: 9) == ["c"])
        book.paid("c", revision(9), to: .neon)
        #expect(book.count(.neon) == 0)
    }

    @Test func `The note of a key: names a tier that is owed it and one that was paid it recently`() {
        var book = DebtBook<String>()
        book.owes("a", revision(1), to: TierSet([.neon, .supabase]), since: since)
        note("a", &book)
        book.paid("a", revision(1), to: .neon)
        #expect(book.owed("a") == TierSet(.supabase))
        #expect(book.writtenDebt("a")?.tiers == TierSet([.neon, .supabase]))
        book.forsake(.neon)
        // The notes for neon are deleted for all keys together, and not key by key.
        #expect(book.writtenDebt("a")?.tiers == TierSet(.supabase) && book.unwritten.isEmpty)
        #expect(book.note(of: change("a", 2, of: [.neon]))?.tiers == TierSet([.neon, .supabase]))
    }

    @Test func `A change of a key: needs no note while there is one that names its tiers`() {
        var book = book(["a"])
        #expect(book.note(of: change("a", 2, of: [.neon])) == nil)
        #expect(book.note(of: change("a", 2, of: [.neon, .supabase]))?.tiers == TierSet([.neon, .supabase]))
        book.owes("a", revision(2), to: TierSet(.neon), since: since)
        #expect(book.unwritten.isEmpty)
        book.paid("a", revision(2), to: .neon)
        for _ in 0..<2 { book.visitBegan(.neon) }
        #expect(book.unwritten == ["a"])
        // The note is not deleted yet. It suffices for the next change, and then stays.
        book.owes("a", revision(3), to: TierSet(.neon), since: since)
        #expect(book.unwritten.isEmpty && book.note(of: change("a", 3, of: [.neon])) == nil)
    }

    @Test func `A note that was deleted or is uncertain: needed again`() {
        var book = book(["a", "b"])
        for _ in 0..<2 { book.visitBegan(.neon) }
        book.written([Debt(key: "a", revision: .none, tiers: [], since: since)])
        #expect(book.note(of: change("a", 3, of: [.neon])) != nil)
        // The commit that should delete it failed, and may have taken effect.
        book.doubted(["b"])
        #expect(book.note(of: change("b", 3, of: [.neon])) != nil && book.unwritten == ["b"])
    }

    @Test func `Payments beyond the bound: the oldest are kept no longer`() {
        let max = RecentPayments<String>.keysMax
        let book = book((0..<2 * max + 1).map(String.init))
        #expect(book.unwritten == Set((0..<max).map(String.init)))
    }
}
