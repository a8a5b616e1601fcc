import DequeModule

/// Decides which lane handles which item: in order within a lane, concurrently across lanes, bounded. No I/O, no clock.
///
/// A lane exists from its first item until it has none left.
struct LaneTable<Key: Hashable & Sendable, Item: Sendable>: Sendable {
    struct Limits: Sendable {
        /// The most lanes that work at the same time.
        var workingMax = 4_096
        /// The most items in progress or waiting, in all lanes.
        var itemsMax = 16_384
    }

    enum Admission: Sendable, Equatable {
        /// Start working on the lane; `current(of:)` is its item.
        case start
        /// The item waits in its lane.
        case queued
        /// There is no room: offer the item again after `finished`.
        case full
    }

    private struct Lane {
        var items: Deque<Item> = []
        var isWorking = false
        /// How many items were resumed behind the first one.
        var resumedCount = 0
    }

    let limits: Limits
    private var lanes: [Key: Lane] = [:]
    /// Lanes with items that wait until another lane's work ends.
    private var ready: Deque<Key> = []
    private var workingCount = 0
    private(set) var itemCount = 0
    private(set) var isClosed = false

    init(limits: Limits = Limits()) { self.limits = limits }

    var laneCount: Int { lanes.count }
    var isWorking: Bool { workingCount > 0 }
    func hasItems(in key: Key) -> Bool { lanes[key] != nil }
    var hasRoom: Bool { itemCount < limits.itemsMax }

    mutating func received(_ item: Item, in key: Key) -> Admission {
        guard hasRoom, !isClosed else { return .full }
        itemCount += 1
        let isNew = lanes[key] == nil
        lanes[key, default: Lane()].items.append(item)
        return isNew ? admit(key) : .queued
    }

    /// Puts items before all others of the lane, except the one in progress. The bound on items does not apply to them.
    mutating func resumed(_ items: [Item], in key: Key) -> Admission {
        guard !items.isEmpty, !isClosed else { return .queued }
        itemCount += items.count
        guard let lane = lanes[key] else {
            lanes[key] = Lane(items: Deque(items))
            return admit(key)
        }
        lanes[key]?.items.insert(contentsOf: items, at: lane.isWorking ? 1 : 0)
        lanes[key]?.resumedCount = lane.isWorking ? items.count : 0
        return .queued
    }

    /// Puts an item of another lane at the end of this one. The bound on items does not apply to it.
    mutating func moved(_ item: Item, to key: Key) -> Admission {
        guard !isClosed else { return .full }
        itemCount += 1
        let isNew = lanes[key] == nil
        lanes[key, default: Lane()].items.append(item)
        return isNew ? admit(key) : .queued
    }

    /// The lane's first item was not handled. It goes behind the items that were resumed meanwhile.
    mutating func postponed(_ key: Key) {
        guard let lane = lanes[key], lane.isWorking, let item = lanes[key]?.items.popFirst() else { return }
        lanes[key]?.items.insert(item, at: lane.resumedCount)
        lanes[key]?.resumedCount = 0
    }

    /// The first item of a working lane. It stays in the lane until `finished`.
    func current(of key: Key) -> Item? { lanes[key]?.items.first }

    enum Next: Sendable, Equatable {
        /// The lane has another item.
        case goOn
        /// The lane is done. Start working on the lane `start`, unless it is nil.
        case end(start: Key?)
    }

    /// The lane's first item was handled.
    mutating func finished(_ key: Key) -> Next {
        guard lanes[key]?.isWorking == true, lanes[key]?.items.popFirst() != nil else { return .end(start: nil) }
        lanes[key]?.resumedCount = 0
        itemCount -= 1
        if !isClosed, lanes[key]?.items.isEmpty == false { return .goOn }
        workingCount -= 1
        itemCount -= lanes[key]?.items.count ?? 0
        lanes[key] = nil
        guard !isClosed, let next = ready.popFirst() else { return .end(start: nil) }
        begin(next)
        return .end(start: next)
    }

    /// Starts no more work. Items in progress may finish; waiting items are dropped, and their updates come again.
    mutating func close() {
        isClosed = true
        for key in ready {
            itemCount -= lanes[key]?.items.count ?? 0
            lanes[key] = nil
        }
        ready = []
    }

    private mutating func admit(_ key: Key) -> Admission {
        guard workingCount < limits.workingMax else {
            ready.append(key)
            return .queued
        }
        begin(key)
        return .start
    }

    private mutating func begin(_ key: Key) {
        lanes[key]?.isWorking = true
        workingCount += 1
    }
}
