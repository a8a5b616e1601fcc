import Contracts

/// The bot's queue of updates: an order of arrival, ids, and what the bot has confirmed. No clock, no polls.
///
/// Ids run upwards within a *run*; `jump(to:)` begins another run, above or below, as Telegram does after a quiet week.
/// Runs that are in the queue together should not overlap: an offset is looked up in the earliest run that holds it.
struct UpdateQueue: Sendable {
    struct Entry: Sendable {
        let id: Int64
        /// The update, with its `update_id`.
        let update: JSONValue
        /// When Telegram gives up on it.
        let expiresAt: Duration
        let run: Int
        /// Put in again by `redeliver`, and not sent since: no offset confirms it yet.
        var awaitsRedelivery = false
    }

    /// Ids issued one after the other: `first ..< next`.
    private struct Run: Sendable {
        let first: Int64
        var next: Int64
    }

    private(set) var entries: [Entry] = []
    /// Confirmed by an offset, and not put in again since.
    private(set) var confirmed: Set<Int64> = []
    private var runs: [Run]
    private var history: [Int64: Entry] = [:]

    init(firstID: Int64) { runs = [Run(first: firstID, next: firstID)] }

    /// The id that the next update gets.
    var nextID: Int64 { runs[runs.count - 1].next }

    /// Lets the next update have the id `id`, lower than the last one's or higher.
    mutating func jump(to id: Int64) { runs.append(Run(first: id, next: id)) }

    /// Appends `update`, which gets the next id.
    @discardableResult
    mutating func append(_ update: [String: JSONValue], expiresAt: Duration) -> Int64 {
        let id = nextID
        runs[runs.count - 1].next += 1
        insert(update, id: id, expiresAt: expiresAt)
        return id
    }

    /// Appends an update that brings its own id; a higher one than the last moves the sequence on.
    mutating func appendNumbered(_ update: [String: JSONValue], id: Int64, expiresAt: Duration) {
        let last = runs.count - 1
        if id < runs[last].first || id > runs[last].next {
            let next = nextID
            runs.append(Run(first: id, next: id + 1))
            insert(update, id: id, expiresAt: expiresAt)
            // The own sequence goes on where it was, in a run of its own.
            runs.append(Run(first: next, next: next))
        } else {
            runs[last].next = max(runs[last].next, id + 1)
            insert(update, id: id, expiresAt: expiresAt)
        }
    }

    /// Puts an earlier update in again under its own id; false when there was none. It is sent at least once more,
    /// whatever offset the bot asks for.
    mutating func redeliver(_ id: Int64, expiresAt: Duration) -> Bool {
        guard let entry = history[id] else { return false }
        confirmed.remove(id)
        entries.append(
            Entry(id: id, update: entry.update, expiresAt: expiresAt, run: entry.run, awaitsRedelivery: true))
        return true
    }

    /// Forgets what Telegram would not keep so long.
    mutating func expire(at now: Duration) { entries.removeAll { $0.expiresAt <= now } }

    /// Confirms what lies before `offset` in the order of the queue. An offset that no run holds, beyond the tail or
    /// before the head, confirms nothing.
    mutating func confirm(before offset: Int64) {
        let waiting = Set(entries.map(\.run)).sorted()
        guard let run = waiting.first(where: { (runs[$0].first...runs[$0].next).contains(offset) }) else {
            return
        }
        drop { !$0.awaitsRedelivery && ($0.run < run || ($0.run == run && $0.id < offset)) }
    }

    /// The webhook took the update.
    mutating func confirm(_ id: Int64) { drop { $0.id == id } }

    /// A negative offset: forgets all but the last `count`.
    mutating func keepLast(_ count: Int) {
        let kept = Set(entries.suffix(count).map(\.id))
        drop { !kept.contains($0.id) }
    }

    /// The first `limit` updates, which count as sent from here on.
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
