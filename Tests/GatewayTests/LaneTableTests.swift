import TestSupport
import Testing

@testable import Gateway

@Suite struct LaneTableTests {
    @Test func `A lane: handles one item at a time, in order, and is removed when empty`() {
        var table = LaneTable<String, Int>()
        #expect(table.received(1, in: "a") == .start)
        #expect(table.received(2, in: "a") == .queued)
        #expect(table.received(3, in: "b") == .start)
        #expect(table.current(of: "a") == 1)
        #expect(table.finished("a") == .goOn)
        #expect(table.current(of: "a") == 2)
        #expect(table.finished("a") == .end(start: nil))
        #expect(table.finished("b") == .end(start: nil))
        #expect(table.laneCount == 0)
        #expect(table.itemCount == 0)
        #expect(table.finished("a") == .end(start: nil))
    }

    @Test func `A lane beyond the bound: waits in order until another one ends`() {
        var table = LaneTable<String, Int>(limits: .init(workingMax: 1, itemsMax: 10))
        #expect(table.received(1, in: "a") == .start)
        #expect(table.received(2, in: "b") == .queued)
        #expect(table.received(3, in: "c") == .queued)
        #expect(table.received(4, in: "b") == .queued)
        #expect(table.finished("a") == .end(start: "b"))
        #expect(table.finished("b") == .goOn)
        #expect(table.finished("b") == .end(start: "c"))
        #expect(table.finished("c") == .end(start: nil))
    }

    @Test func `Items of another lane: behind all others, however full the lanes are`() {
        var table = LaneTable<String, Int>(limits: .init(workingMax: 4, itemsMax: 3))
        var admissions = [table.received(1, in: "a"), table.received(2, in: "b"), table.received(9, in: "b")]
        #expect(table.received(3, in: "b") == .full)
        admissions += [table.moved(3, to: "b"), table.moved(4, to: "b"), table.moved(5, to: "c")]
        #expect(admissions == [.start, .start, .queued, .queued, .queued, .start])
        #expect(table.hasItems(in: "c") && !table.hasItems(in: "d"))
        var handled: [Int] = []
        while let item = table.current(of: "b") {
            handled.append(item)
            _ = table.finished("b")
        }
        #expect(handled == [2, 9, 3, 4] && table.itemCount == 2)
        table.close()
        #expect(table.moved(6, to: "a") == .full && table.itemCount == 2)
    }

    @Test func `Items of an earlier process: handled before those that came since`() {
        var table = LaneTable<String, Int>()
        var admissions = [table.received(3, in: "a"), table.received(5, in: "a")]
        admissions.append(table.resumed([1, 2], in: "a"))
        admissions.append(table.resumed([4], in: "b"))
        admissions.append(table.resumed([], in: "c"))
        #expect(admissions == [.start, .queued, .queued, .start, .queued])
        #expect(table.laneCount == 2 && table.itemCount == 5)
        // The item in progress stays first, unless it is postponed.
        #expect(table.current(of: "a") == 3)
        table.postponed("a")
        var order: [Int] = []
        while let item = table.current(of: "a") {
            order.append(item)
            _ = table.finished("a")
        }
        _ = table.finished("b")
        #expect(order == [1, 2, 3, 5] && table.itemCount == 0)
    }

    @Test func `Items resumed behind the one in progress: handled next`() {
        var table = LaneTable<String, Int>()
        _ = table.received(3, in: "a")
        _ = table.resumed([1, 2], in: "a")
        #expect(table.finished("a") == .goOn)
        #expect(table.current(of: "a") == 1)
        // Nothing was resumed behind this one.
        table.postponed("a")
        #expect(table.current(of: "a") == 1)
    }

    @Test func `An item without room: not accepted`() {
        var table = LaneTable<String, Int>(limits: .init(workingMax: 2, itemsMax: 2))
        #expect(table.received(1, in: "a") == .start)
        #expect(table.received(2, in: "a") == .queued)
        #expect(table.received(3, in: "b") == .full)
        #expect(table.finished("a") == .goOn)
        #expect(table.received(3, in: "b") == .start)
    }

    @Test func `A closed table: items in progress may finish, and no other starts`() {
        var table = LaneTable<String, Int>(limits: .init(workingMax: 1, itemsMax: 10))
        _ = table.received(1, in: "a")
        _ = table.received(2, in: "a")
        _ = table.received(3, in: "b")
        table.close()
        #expect(table.received(4, in: "c") == .full)
        #expect(table.current(of: "a") == 1)
        #expect(table.finished("a") == .end(start: nil))
        #expect(table.laneCount == 0)
        #expect(table.itemCount == 0)
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `Any order of events: keeps the order of each lane and the bounds`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var table = LaneTable<Int, Int>(limits: .init(workingMax: 3, itemsMax: 12))
        var working: Set<Int> = []
        var given: [Int: [Int]] = [:]
        var done: [Int: [Int]] = [:]
        for item in 0..<2_000 {
            if Bool.random(using: &random) {
                let key = Int.random(in: 0..<8, using: &random)
                switch table.received(item, in: key) {
                case .start:
                    let isNew = working.insert(key).inserted
                    #expect(isNew)
                    given[key, default: []].append(item)
                case .queued: given[key, default: []].append(item)
                case .full: #expect(table.itemCount == 12)
                }
            } else if let key = working.sorted().randomElement(using: &random), let current = table.current(of: key) {
                done[key, default: []].append(current)
                if case .end(let other) = table.finished(key) {
                    working.remove(key)
                    if let other {
                        let isNew = working.insert(other).inserted
                        #expect(isNew)
                    }
                }
            }
            #expect(working.count <= 3)
        }
        while let key = working.first, let current = table.current(of: key) {
            done[key, default: []].append(current)
            if case .end(let other) = table.finished(key) {
                working.remove(key)
                if let other { working.insert(other) }
            }
        }
        #expect(done == given)
        #expect(table.itemCount == 0)
    }
}
