import Synchronization

/// Handles items, in order within a lane and concurrently across lanes. `LaneTable` decides.
final class Lanes<Key: Hashable & Sendable, Item: Sendable>: Sendable {
    private struct State {
        var table: LaneTable<Key, Item>
        var waitingForRoom: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>
    private let starts: AsyncStream<Key>
    private let started: AsyncStream<Key>.Continuation

    init(limits: LaneTable<Key, Item>.Limits = .init()) {
        state = Mutex(State(table: LaneTable(limits: limits)))
        (starts, started) = AsyncStream.makeStream()
    }

    var laneCount: Int { state.withLock { $0.table.laneCount } }
    /// Whether a caller of `submit` waits for room.
    var isFull: Bool { state.withLock { !$0.waitingForRoom.isEmpty } }

    /// Whether the lane has items, in progress or waiting.
    func hasItems(in key: Key) -> Bool { state.withLock { $0.table.hasItems(in: key) } }

    /// Hands an item over; waits while there is no room.
    ///
    /// - Returns: false if the lanes were closed first: the item was not accepted.
    func submit(_ item: Item, to key: Key) async -> Bool {
        while true {
            let admission = state.withLock { state in state.table.isClosed ? nil : state.table.received(item, in: key) }
            switch admission {
            case nil: return false
            case .queued: return true
            case .start:
                started.yield(key)
                return true
            case .full: await waitForRoom()
            }
        }
    }

    /// Puts the items of an earlier process before all that came since, except the one in progress.
    ///
    /// - Returns: false if the lanes were closed first: no item was accepted.
    func resume(_ items: [Item], in key: Key) -> Bool {
        let admission = state.withLock { $0.table.isClosed ? .full : $0.table.resumed(items, in: key) }
        if admission == .start { started.yield(key) }
        return admission != .full
    }

    /// Puts an item of another lane at the end of this one, however full the lanes are. Nothing happens if they were
    /// closed.
    func move(_ item: Item, to key: Key) {
        if state.withLock({ $0.table.moved(item, to: key) }) == .start { started.yield(key) }
    }

    /// Works until the lanes are closed and the items in progress are finished. Cancellation is passed to the work.
    ///
    /// - Parameter work: returns false if it did nothing. The item then goes behind those that were resumed meanwhile.
    func run(_ work: @escaping @Sendable (Item) async -> Bool) async {
        await withDiscardingTaskGroup { group in
            for await key in starts { group.addTask { await self.drain(key, work) } }
        }
    }

    /// Starts no more work. `run` returns when the items in progress are finished.
    func close() {
        let waiting = state.withLock { state in
            state.table.close()
            defer { state.waitingForRoom = [] }
            return state.waitingForRoom
        }
        started.finish()
        for waiter in waiting { waiter.resume() }
    }

    private func drain(_ key: Key, _ work: @Sendable (Item) async -> Bool) async {
        while let item = state.withLock({ $0.table.current(of: key) }) {
            guard await work(item) || Task.isCancelled else {
                state.withLock { $0.table.postponed(key) }
                continue
            }
            let (next, waiting) = state.withLock { state in
                let next = state.table.finished(key)
                defer { state.waitingForRoom = [] }
                return (next, state.waitingForRoom)
            }
            for waiter in waiting { waiter.resume() }
            switch next {
            case .goOn: continue
            case .end(let other):
                if let other { started.yield(other) }
                return
            }
        }
    }

    private func waitForRoom() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.table.hasRoom || state.table.isClosed { return true }
                state.waitingForRoom.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}
