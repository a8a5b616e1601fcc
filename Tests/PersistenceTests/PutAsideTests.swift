import Contracts
import Testing

@testable import Persistence

@Suite struct PutAsideTests {
    private let start = ContinuousClock.now

    /// The waits of a key that is put aside again whenever it is due, until `limit`, in seconds.
    private func waits(_ cause: PutAside<String>.Cause, until limit: Duration) -> [Int64] {
        var aside = PutAside<String>()
        var (now, waits): (ContinuousClock.Instant, [Int64]) = (start, [])
        while now < start + limit {
            aside.putAside("a", cause, reason: "r", at: now)
            guard let due = aside.dueAt else { return [] }
            waits.append((due - now).milliseconds / 1_000)
            now = due
            if aside.take(dueAt: now) != ["a"] { return [] }
        }
        return waits
    }

    @Test func `A refused key: each wait is twice as long as the one before, up to an hour`() {
        #expect(waits(.refused, until: .seconds(8_000)) == [60, 120, 240, 480, 960, 1_920, 3_600, 3_600])
    }

    @Test func `A locked key: each wait is twice as long as the one before, up to 15 s`() {
        #expect(waits(.locked, until: .seconds(60)) == [1, 2, 4, 8, 15, 15, 15])
    }

    @Test func `An overtaken key: at once, then with waits that grow`() {
        #expect(waits(.overtaken, until: .seconds(20)) == [0, 1, 2, 4, 8, 16])
    }

    @Test func `A key that is tried: not due again, and its reason stays until it is paid`() {
        var aside = PutAside<String>()
        for key in ["a", "b"] { aside.putAside(key, .refused, reason: "r", at: start) }
        aside.putAside("c", .locked, reason: "l", at: start)
        #expect(aside.refusals == ["r": 2] && !aside.isBlocked("a") && aside.isBlocked("c"))
        #expect(aside.take(dueAt: start) == [])
        #expect(aside.take(dueAt: start + .seconds(1)) == ["c"])
        #expect(!aside.isBlocked("c") && aside.dueAt == start + .seconds(60))
        #expect(Set(aside.takeAll()) == ["a", "b"] && aside.dueAt == nil)
        #expect(aside.refusals == ["r": 2])
        aside.paid("a")
        #expect(aside.refusals == ["r": 1] && !aside.isEmpty)
    }

    @Test func `A row that stays locked: reported after a while`() {
        var aside = PutAside<String>()
        for attempt in 1...6 {
            aside.putAside("a", .locked, reason: "l", at: start)
            #expect(aside.lockedCount == (attempt > 4 ? 1 : 0))
        }
    }
}
