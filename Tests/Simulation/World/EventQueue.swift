/// What is going to happen, in the order of its times; of one time, in the order in which it was planned.
struct EventQueue {
    private struct Event {
        var time: Duration
        var number: Int
        var action: () -> Void

        func isBefore(_ other: Event) -> Bool { (time, number) < (other.time, other.number) }
    }

    /// A binary heap: no event is before its parent.
    private var heap: [Event] = []
    private var planned = 0

    mutating func plan(at time: Duration, _ action: @escaping () -> Void) {
        planned += 1
        heap.append(Event(time: time, number: planned, action: action))
        var index = heap.count - 1
        while index > 0, heap[index].isBefore(heap[(index - 1) / 2]) {
            heap.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func next() -> (time: Duration, action: () -> Void)? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var index = 0
            while true {
                var least = index
                for child in [2 * index + 1, 2 * index + 2]
                where child < heap.count && heap[child].isBefore(heap[least]) { least = child }
                if least == index { break }
                heap.swapAt(index, least)
                index = least
            }
        }
        return (first.time, first.action)
    }
}
