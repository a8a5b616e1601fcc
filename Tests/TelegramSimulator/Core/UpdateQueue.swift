import Contracts

/// The bot's queue of updates: their order, their IDs, and the bot's confirmations. No clock, no polls.
///
/// IDs grow within a *run*; `jump(to:)` begins another run with lower or higher IDs, as Telegram does after a quiet
/// week. Runs that are in the queue together should not overlap: an offset is looked up in the earliest run that has
/// it.
struct UpdateQueue: Sendable {
    struct Entry: Sendable {
        let id: Int64
        /// The update, with its `update_id`.
        let update: JSONValue
        /// The time at which Telegram drops it.
        let expiresAt: Duration
        let run: Int
        /// Enqueued again by `redeliver`, and not sent since: no offset confirms it yet.
        var awaitsRedelivery = false
    }

    /// IDs issued one after the other: `first ..< next`.
    private struct Run: Sendable {
        let first: Int64
        var next: Int64
    }

    private(set) var entries: [Entry] = []
    /// Confirmed by an offset, and not enqueued again since.
    private(set) var confirmed: Set<Int64> = []
    private var runs: [Run]
    private var history: [Int64: Entry] = [:]

    init(firstID: Int64) { runs = [Run(first: firstID, next: firstID)] }

    /// The ID of the next update.
    var nextID: Int64 { runs[runs.count - 1].next }

    /// Gives the next update the ID `id`, which may be lower or higher than the last one.
    mutating func jump(to id: Int64) { runs.append(Run(first: id, next: id)) }

    /// Appends `update`, which gets the next ID.
    @discardableResult
    mutating func append(_ update: [String: JSONValue], expiresAt: Duration) -> Int64 {
        let id = nextID
        runs[runs.count - 1].next += 1
        insert(update, id: id, expiresAt: expiresAt)
        return id
    }

    /// Appends an update that has an ID; an ID above the last one advances the sequence.
    mutating func appendNumbered(_ update: [String: JSONValue], id: Int64, expiresAt: Duration) {
        let last = runs.count - 1
        if id < runs[last].first || id > runs[last].next {
            let next = nextID
            runs.append(Run(first: id, next: id + 1))
            insert(update, id: id, expiresAt: expiresAt)
            // The queue's own sequence continues where it was, in a separate run.
            runs.append(Run(first: next, next: next))
        } else {
            runs[last].next = max(runs[last].next, id + 1)
            insert(update, id: id, expiresAt: expiresAt)
        }
    }

    /// Enqueues an earlier update again under the same ID; false if there was none. It is sent at least once more,
    /// whatever offset the bot sends.
    mutating func redeliver(_ id: Int64, expiresAt: Duration) -> Bool {
        guard let entry = history[id] else { return false }
        confirmed.remove(id)
        entries.append(
            Entry(id: id, update: entry.update, expiresAt: expiresAt, run: entry.run, awaitsRedelivery: true))
        return true
    }

    /// Drops the updates that Telegram would not keep so long.
    mutating func expire(at now: Duration) { entries.removeAll { $0.expiresAt <= now } }

    /// Confirms the updates before `offset` in the order of the queue. An offset that no run has, beyond the tail or
    /// before the head, confirms nothing.
    mutating func confirm(before offset: Int64) {
        let waiting = Set(entries.map(\.run)).sorted()
        guard let run = waiting.first(where: { (runs[$0].first...runs[$0].next).contains(offset) }) else {
            return
        }
        drop { !$0.awaitsRedelivery && ($0.run < run || ($0.run == run && $0.id < offset)) }
    }

    /// The webhook accepted the update.
    mutating func confirm(_ id: Int64) { drop { $0.id == id } }

    /// A negative offset: drops all but the last `count`.
    mutating func keepLast(_ count: Int) {
        let kept = Set(entries.suffix(count).map(\.id))
        drop { !kept.contains($0.id) }
    }

    /// The first `limit` updates, which count as sent from now on.
    mutating func batch(limit: Int) -> [JSONValue] {
        for index in entries.indices.prefix(limit) { entries[index].awaitsRedelivery = false }
        return entries.prefix(limit).map(\.update)
    }

    private mutating func insert(_ update: [String: JSONValue], id: Int64, expiresAt: Duration) {
        var members = update
        members["update_id"] = .integer(id)
        let entry = Entry(id: id, update: .object(members), expiresAt: expiresAt, run: runs.count - 1)
        entries.append(entry)
        history[id] = entry
        confirmed.remove(id)
    }

    private mutating func drop(_ condition: (Entry) -> Bool) {
        confirmed.formUnion(entries.filter(condition).map(\.id))
        entries.removeAll(where: condition)
    }
}
