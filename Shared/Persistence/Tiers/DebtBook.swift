import Contracts
import DequeModule

/// The keys whose newest revision each remote tier still lacks. No I/O, no clock.
///
/// Decisions use the book in memory. Beside the records, its owner stores a note for each key, which names the tiers.
/// The note is written in one commit with the change that makes a debt, unless a note already names the tiers. A tier
/// may lose a recent payment in a failover, so the note stays until that can no longer happen. Meanwhile it does no
/// harm, since paying a debt again changes nothing.
struct DebtBook<Key: Hashable & Sendable> {
    private struct Entry {
        var revision: Revision
        var owed: TierSet
        /// In the tier's queue.
        var queued: TierSet = []
        /// On its way to the tier.
        var sent: TierSet = []
        var since: Timestamp
    }

    private struct Queue {
        /// Oldest first. An element whose key is no longer queued is skipped.
        var keys: Deque<Key> = []
        var count = 0
    }

    private var entries: [Key: Entry] = [:]
    private var queues: [TierName: Queue] = [:]
    private var pending: [TierName: Int] = [:]
    private var recent: [TierName: RecentPayments<Key>] = [:]
    /// The tiers that the note of a key names, for keys that have one.
    private var noted: [Key: TierSet] = [:]
    /// Keys whose note does not name exactly the tiers that it should.
    private(set) var unwritten: Set<Key> = []

    init() {}

    /// A book from the notes of an earlier process, oldest first.
    ///
    /// - Parameter tiers: the tiers that can be owed anything. The owner deletes what the notes say of others.
    init(_ debts: [Debt<Key>], tiers: TierSet) {
        for debt in debts {
            let owed = debt.tiers.intersection(tiers)
            guard !owed.isEmpty else { continue }
            noted[debt.key] = owed
            entries[debt.key] = Entry(revision: debt.revision, owed: owed, since: debt.since)
            for tier in owed.names {
                pending[tier, default: 0] += 1
                enqueue(debt.key, tier)
            }
        }
    }

    // MARK: Queries

    var isEmpty: Bool { entries.isEmpty }

    /// The tiers that lack the key's newest revision.
    func owed(_ key: Key) -> TierSet { entries[key]?.owed ?? [] }

    /// The number of keys that the tier still lacks.
    func count(_ tier: TierName) -> Int { pending[tier] ?? 0 }

    /// The number of keys that wait to be sent to the tier: without those being sent now, and those put aside.
    func queuedCount(_ tier: TierName) -> Int { queues[tier]?.count ?? 0 }

    /// The time since which the oldest of the queued keys has been owed.
    mutating func oldest(_ tier: TierName) -> Timestamp? {
        dropPassed(tier)
        guard let key = queues[tier]?.keys.first else { return nil }
        return entries[key]?.since
    }

    func debt(_ key: Key) -> Debt<Key>? {
        entries[key].map { Debt(key: key, revision: $0.revision, tiers: $0.owed, since: $0.since) }
    }

    /// The note that must be committed with the change that makes `debt`; nil when an existing note suffices. A note
    /// says that a tier may lack the newest revision of a key, whichever that is. So a note that already names the
    /// tiers stays as it is.
    func note(of debt: Debt<Key>) -> Debt<Key>? {
        guard !(noted[debt.key] ?? []).isSuperset(of: debt.tiers) else { return nil }
        var note = debt
        note.tiers.formUnion(writtenDebt(debt.key)?.tiers ?? [])
        return note
    }

    /// The note to write down for `key`: the tiers it is owed to, and those paid so recently that it may be owed again.
    /// Nil if there are none.
    func writtenDebt(_ key: Key) -> Debt<Key>? {
        var debt = debt(key)
        for (tier, payments) in recent {
            guard let payment = payments.payment(key) else { continue }
            var known = debt ?? Debt(key: key, revision: payment.revision, tiers: [], since: payment.since)
            known.revision = max(known.revision, payment.revision)
            known.since = min(known.since, payment.since)
            known.tiers.formUnion(TierSet(tier))
            debt = known
        }
        return debt
    }

    // MARK: Changes

    /// Records that `tiers` lack `revision` of the key. Tiers that were owed an earlier revision now owe this one.
    mutating func owes(_ key: Key, _ revision: Revision, to tiers: TierSet, since: Timestamp) {
        var entry = entries[key] ?? Entry(revision: revision, owed: [], since: since)
        entry.revision = max(entry.revision, revision)
        for tier in tiers.subtracting(entry.owed).names { pending[tier, default: 0] += 1 }
        entry.owed.formUnion(tiers)
        guard !entry.owed.isEmpty else { return }
        entries[key] = entry
        for tier in entry.owed.names { enqueue(key, tier) }
        review(key)
    }

    /// Records that the tier has `revision` of the key.
    mutating func paid(_ key: Key, _ revision: Revision, to tier: TierName) {
        guard var entry = entries[key], entry.owed.contains(TierSet(tier)) else { return }
        entry.sent.remove(TierSet(tier))
        guard revision >= entry.revision else {
            entries[key] = entry
            enqueue(key, tier)
            return
        }
        entry.owed.remove(TierSet(tier))
        pending[tier, default: 1] -= 1
        if entry.queued.contains(TierSet(tier)) {
            entry.queued.remove(TierSet(tier))
            queues[tier]?.count -= 1
        }
        entries[key] = entry.owed.isEmpty ? nil : entry
        let isKnown = revision.rawValue < .max
        let payment = RecentPayments<Key>.Payment(revision: revision, since: entry.since)
        let gone = isKnown ? recent[tier, default: RecentPayments()].paid(key, payment) : [key]
        gone.forEach { review($0) }
    }

    /// A new visit was left in the tier. It cannot lose what it was paid before the visit before that.
    mutating func visitBegan(_ tier: TierName) {
        recent[tier]?.visitBegan().forEach { review($0) }
    }

    /// The tier may have lost recent payments: they are owed again.
    mutating func owesRecent(_ tier: TierName) {
        for (key, payment) in recent[tier]?.all ?? [:] {
            owes(key, payment.revision, to: TierSet(tier), since: payment.since)
        }
    }

    /// The next keys for the tier, oldest first, which count as on their way from here on.
    mutating func take(_ tier: TierName, limit: Int) -> [Key] {
        var taken: [Key] = []
        while taken.count < limit, let key = queues[tier]?.keys.popFirst() {
            guard entries[key]?.queued.contains(TierSet(tier)) == true else { continue }
            entries[key]?.queued.remove(TierSet(tier))
            entries[key]?.sent.insert(TierSet(tier))
            queues[tier]?.count -= 1
            taken.append(key)
        }
        return taken
    }

    /// Records that `revision` is the newest known one of the key. The book may have a higher one that was lost with a
    /// disk.
    mutating func known(_ key: Key, _ revision: Revision) { entries[key]?.revision = revision }

    /// The key is sent to the tier outside the queue's order.
    mutating func sent(_ key: Key, to tier: TierName) {
        guard entries[key]?.owed.contains(TierSet(tier)) == true else { return }
        if entries[key]?.queued.contains(TierSet(tier)) == true {
            entries[key]?.queued.remove(TierSet(tier))
            queues[tier]?.count -= 1
        }
        entries[key]?.sent.insert(TierSet(tier))
    }

    /// Keys on their way may not have arrived. They go back to the front of the queue, in this order.
    mutating func returned(_ keys: [Key], to tier: TierName) {
        for key in keys.reversed() {
            entries[key]?.sent.remove(TierSet(tier))
            enqueue(key, tier, atFront: true)
        }
    }

    /// Removes all debts of the tier. Notes that still name it do no harm; `struck` reports their deletion.
    mutating func forsake(_ tier: TierName) {
        let tiers = TierSet(tier)
        entries = entries.compactMapValues { entry in
            var entry = entry
            entry.owed.subtract(tiers)
            entry.queued.subtract(tiers)
            entry.sent.subtract(tiers)
            return entry.owed.isEmpty ? nil : entry
        }
        queues[tier] = nil
        pending[tier] = nil
        recent[tier] = nil
        noted = noted.compactMapValues { $0 == tiers ? nil : $0.subtracting(tiers) }
        // A key that is owed to no tier may still have a note that we do not know of; it does no harm.
        unwritten = unwritten.filter { entries[$0] != nil || noted[$0] != nil }
    }

    /// The disk has no note any more that names any of `tiers`, not even one that was written after they were forsaken.
    mutating func struck(_ tiers: TierSet) {
        for (key, names) in noted where !names.isDisjoint(with: tiers) {
            let left = names.subtracting(tiers)
            noted[key] = left.isEmpty ? nil : left
            review(key)
        }
    }

    /// The notes `debts` are on the disk.
    mutating func written(_ debts: some Sequence<Debt<Key>>) {
        for debt in debts {
            noted[debt.key] = debt.tiers.isEmpty ? nil : debt.tiers
            unwritten.remove(debt.key)
            review(debt.key)
        }
    }

    /// It is unknown whether the disk has the new notes of `keys` or the earlier ones.
    mutating func doubted(_ keys: some Sequence<Key>) {
        for key in keys {
            noted[key] = nil
            unwritten.insert(key)
        }
    }

    /// The disk has no notes any more.
    mutating func unwriteAll() {
        noted = [:]
        unwritten = recent.values.reduce(into: Set(entries.keys)) { $0.formUnion($1.all.keys) }
    }

    /// Checks whether the note of `key` names the right tiers, after a change.
    private mutating func review(_ key: Key) {
        var wanted = entries[key]?.owed ?? []
        for (tier, payments) in recent where payments.payment(key) != nil { wanted.formUnion(TierSet(tier)) }
        if wanted == noted[key] ?? [] {
            // For a key that needs no note, it may be unknown whether the disk has one: see `doubted`.
            if !wanted.isEmpty { unwritten.remove(key) }
        } else {
            unwritten.insert(key)
        }
    }

    private mutating func enqueue(_ key: Key, _ tier: TierName, atFront: Bool = false) {
        guard let entry = entries[key], entry.owed.contains(TierSet(tier)), !entry.queued.contains(TierSet(tier)),
            !entry.sent.contains(TierSet(tier))
        else { return }
        entries[key]?.queued.insert(TierSet(tier))
        var queue = queues[tier] ?? Queue()
        queues[tier] = nil
        if atFront { queue.keys.prepend(key) } else { queue.keys.append(key) }
        queue.count += 1
        queues[tier] = queue
    }

    private mutating func dropPassed(_ tier: TierName) {
        while let key = queues[tier]?.keys.first, entries[key]?.queued.contains(TierSet(tier)) != true {
            queues[tier]?.keys.removeFirst()
        }
    }
}
