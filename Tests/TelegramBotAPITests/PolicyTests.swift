import TestSupport
import Testing

@testable import TelegramBotAPI

@Suite struct BackoffTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `A wait: stays within its bounds`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var backoff = Backoff(base: .seconds(1), cap: .seconds(30), minimum: .milliseconds(10))
        for failure in 0..<100 {
            let wait = backoff.failed(using: &random)
            let ceiling: Duration = failure < 5 ? .seconds(1 << failure) : .seconds(30)
            #expect(wait >= .milliseconds(10) && wait <= ceiling, "seed \(seed), failure \(failure)")
        }
        backoff.succeeded()
        #expect(backoff.failed(using: &random) <= .seconds(1))
    }
}

@Suite struct UpdateLedgerTests {
    @Test func `Only the settled prefix: confirmed`() {
        var ledger = UpdateLedger()
        #expect(ledger.offset == nil)
        #expect(ledger.received([5, 6, 7]) == [5, 6, 7])
        #expect(ledger.settled(6) == false)
        #expect(ledger.offset == nil)
        #expect(ledger.settled(5) == true)
        #expect(ledger.offset == 7)
        #expect(ledger.unsettledCount == 1)
        #expect(ledger.received([7, 8]) == [8])
        #expect(ledger.settled(99) == false)
        #expect(ledger.settled(5) == false)
    }

    @Test func `IDs that jump down: accepted`() {
        var ledger = UpdateLedger()
        _ = ledger.received([2_000_000_000, 3])
        ledger.settled(3)
        #expect(ledger.offset == nil)
        ledger.settled(2_000_000_000)
        #expect(ledger.offset == 4)
        #expect(ledger.received([4]) == [4])
    }

    @Test func `Updates delivered again after their confirmation: move the offset past them`() {
        var ledger = UpdateLedger()
        _ = ledger.received([5, 6, 7])
        for id in [5, 6, 7] as [Int64] { ledger.settled(id) }
        #expect(ledger.received([5, 6]) == [])
        #expect(ledger.offset == 7)
        #expect(ledger.received([7, 8]) == [8])
        #expect(ledger.offset == 8)
    }

    @Test func `Updates delivered again before one in progress: do not move the offset past it`() {
        var ledger = UpdateLedger()
        _ = ledger.received([5, 6, 7])
        ledger.settled(5)
        #expect(ledger.received([5, 6, 7]) == [])
        #expect(ledger.offset == 6)
        ledger.settled(6)
        ledger.settled(7)
        #expect(ledger.offset == 8)
    }

    @Test func `Confirmed IDs: forgotten in the end`() {
        var ledger = UpdateLedger(settledRememberedMax: 2)
        for id in 1...3 as ClosedRange<Int64> {
            _ = ledger.received([id])
            ledger.settled(id)
        }
        #expect(ledger.received([2, 3]) == [])
        #expect(ledger.received([1]) == [1])
    }

    /// The ledger against a model of Telegram's queue: it responds from the offset on, and drops the updates before it.
    ///
    /// Unlike Telegram it responds at once, drops no update by age, and knows neither negative offsets nor a 409
    /// (conflict).
    @Test(arguments: 0..<60 as Range<UInt64>)
    func `An update: never confirmed unsettled nor handled twice`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var ledger = UpdateLedger()
        var queue: [Int64] = []
        var nextID: Int64 = 1_000_000
        var handled: Set<Int64> = []
        var settled: Set<Int64> = []
        var sent = 0
        func poll() {
            if let offset = ledger.offset, let head = queue.first {
                // As in Telegram: an offset outside the queue begins at its head.
                if let cut = queue.firstIndex(of: offset) {
                    let gone = queue[..<cut]
                    #expect(gone.allSatisfy(settled.contains), "seed \(seed): confirmed unsettled")
                    queue.removeFirst(cut)
                } else if queue.last.map({ $0 + 1 == offset }) == true, head <= offset {
                    #expect(queue.allSatisfy(settled.contains), "seed \(seed): confirmed unsettled")
                    queue = []
                }
            }
            // In one poll of ten the response is lost after the server acted on the offset.
            guard Int.random(in: 0..<10, using: &random) > 0 else { return }
            for id in ledger.received(Array(queue.prefix(100))) {
                #expect(handled.insert(id).inserted, "seed \(seed): handled twice")
            }
        }
        for _ in 0..<2_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                // After a quiet week, with an empty queue, the IDs jump down.
                if queue.isEmpty, Int.random(in: 0..<20, using: &random) == 0 {
                    nextID -= Int64.random(in: 50_000...90_000, using: &random)
                }
                queue.append(nextID)
                nextID += 1
                sent += 1
            case 4..<6: poll()
            default:
                let open = handled.subtracting(settled).sorted()
                if let id = open.randomElement(using: &random) {
                    settled.insert(id)
                    ledger.settled(id)
                }
            }
            #expect(ledger.unsettledCount == handled.count - settled.count)
        }
        for _ in 0..<1_000 where !queue.isEmpty {
            poll()
            for id in handled.subtracting(settled).sorted() {
                settled.insert(id)
                ledger.settled(id)
            }
        }
        #expect(queue.isEmpty && settled.count == sent, "seed \(seed)")
    }
}

@Suite struct SettledBeforeTests {
    /// A poll that the server answers.
    private func poll(_ schedule: inout PollSchedule, _ ids: [Int64]) {
        schedule.pollStarted(offset: schedule.ledger.offset, now: .zero)
        _ = schedule.pollAnswered(ids)
    }

    @Test func `IDs before an offset: known settled only after a response to a poll with it`() {
        var schedule = PollSchedule()
        poll(&schedule, [5, 6])
        #expect(schedule.settledBefore == nil)
        _ = schedule.settled(5)
        #expect(schedule.settledBefore == nil)
        poll(&schedule, [6])
        #expect(schedule.settledBefore == 6)
        _ = schedule.settled(6)
        #expect(schedule.settledBefore == 6)
        schedule.pollStarted(offset: 7, now: .zero)
        #expect(schedule.settledBefore == 6)
        var random = SeededGenerator(seed: 1)
        schedule.pollFailed(.outcomeUnknown(.serverError(status: 502)), now: .zero, using: &random)
        #expect(schedule.settledBefore == 6)
        poll(&schedule, [])
        #expect(schedule.settledBefore == 7)
    }

    @Test func `IDs that jump down: none counts as settled before the server got an offset among them`() {
        var schedule = PollSchedule()
        poll(&schedule, [1_000])
        _ = schedule.settled(1_000)
        poll(&schedule, [])
        #expect(schedule.settledBefore == 1_001)
        poll(&schedule, [10, 11])
        #expect(schedule.settledBefore == nil)
        _ = schedule.settled(11)
        #expect(schedule.settledBefore == nil)
        _ = schedule.settled(10)
        #expect(schedule.settledBefore == nil)
        poll(&schedule, [])
        #expect(schedule.settledBefore == 12)
    }
}
