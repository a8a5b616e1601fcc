import DequeModule

/// Which lane works on what: ordered within a lane, side by side across lanes, bounded. No I/O, no clock.
///
/// A lane exists from its first item until it has none left.
struct LaneTable<Key: Hashable & Sendable, Item: Sendable>: Sendable {
    struct Limits: Sendable {
        /// Lanes that work at the same time.
        var workingMax = 256
        /// Items that are worked on or wait, in all lanes.
        var itemsMax = 1_024
    }

    enum Admission: Sendable, Equatable {
        /// Start working on the lane: ask `next`.
        case start
        /// Its turn comes.
        case queued
        /// No room: offer it again after `finished`.
        case full
    }

    private struct Lane {
        var items: Deque<Item> = []
        var isWorking = false
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
    var hasRoom: Bool { itemCount < limits.itemsMax }

    mutating func received(_ item: Item, in key: Key) -> Admission {
        guard hasRoom, !isClosed else { return .full }
        itemCount += 1
        let isNew = lanes[key] == nil
        lanes[key, default: Lane()].items.append(item)
        guard isNew else { return .queued }
        guard workingCount < limits.workingMax else {
            ready.append(key)
            return .queued
        }
        begin(key)
        return .start
    }

    /// The first item of a lane that is working; it stays the lane's until `finished`.
    func current(of key: Key) -> Item? { lanes[key]?.items.first }

    enum Next: Sendable, Equatable {
        /// The lane has another item.
        case goOn
        /// The lane is done; start working on the other one, if there is one.
        case end(start: Key?)
    }

    /// The lane's first item was worked on.
    mutating func finished(_ key: Key) -> Next {
        guard lanes[key]?.isWorking == true, lanes[key]?.items.popFirst() != nil else { return .end(start: nil) }
        itemCount -= 1
        if !isClosed, lanes[key]?.items.isEmpty == false { return .goOn }
        workingCount -= 1
        itemCount -= lanes[key]?.items.count ?? 0
        lanes[key] = nil
        guard !isClosed, let next = ready.popFirst() else { return .end(start: nil) }
        begin(next)
        return .end(start: next)
    }

    /// Nothing new is begun. What waits stays with Telegram; what is worked on may end.
    mutating func close() {
        isClosed = true
        for key in ready {
            itemCount -= lanes[key]?.items.count ?? 0
            lanes[key] = nil
        }
        ready = []
    }

    private mutating func begin(_ key: Key) {
        lanes[key]?.isWorking = true
        workingCount += 1
    }
}
