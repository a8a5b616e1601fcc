import Contracts
import DequeModule

/// What each remote tier has still to receive: the newest revision of some keys. No I/O, no clock.
///
/// The book in memory is what decisions are made from. Beside the records its owner keeps a note for each key, which
/// names the tiers: written with the change that makes a debt, in one commit, unless there is one that names them
/// already; struck out when no tier can take its payment back any more, since a debt that is paid again changes nothing.
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
        /// Oldest first. An element whose key is not queued any more is passed over.
        var keys: Deque<Key> = []
        var count = 0
    }

    private var entries: [Key: Entry] = [:]
    private var queues: [TierName: Queue] = [:]
    private var pending: [TierName: Int] = [:]
    private var recent: [TierName: RecentPayments<Key>] = [:]
    /// The tiers that the note of a key names, for keys that have one.
    private var noted: [Key: TierSet] = [:]
    /// Keys whose note does not name just the tiers that it should.
    private(set) var unwritten: Set<Key> = []

    init() {}

    /// What was written down by an earlier process, oldest first.
    ///
    /// - Parameter tiers: those that are owed anything; what the notes say of others is struck out by its owner.
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

    // MARK: Questions

    var isEmpty: Bool { entries.isEmpty }

    /// The tiers that have not got the key's newest revision.
    func owed(_ key: Key) -> TierSet { entries[key]?.owed ?? [] }

    /// How many keys the tier has still to receive.
    func count(_ tier: TierName) -> Int { pending[tier] ?? 0 }

    /// How many of them are neither on their way nor put aside.
    func queuedCount(_ tier: TierName) -> Int { queues[tier]?.count ?? 0 }

    /// Since when the oldest of them is owed, as far as the queue tells.
    mutating func oldest(_ tier: TierName) -> Timestamp? {
        dropPassed(tier)
        guard let key = queues[tier]?.keys.first else { return nil }
        return entries[key]?.since
    }

    func debt(_ key: Key) -> Debt<Key>? {
        entries[key].map { Debt(key: key, revision: $0.revision, tiers: $0.owed, since: $0.since) }
    }

    /// The note that must be committed with the change that makes `debt`; nil when there is one that will do. It says that
    /// a tier may lack the newest revision of a key, whichever that is: so one that names the tiers stays as it is.
    func note(of debt: Debt<Key>) -> Debt<Key>? {
        guard !(noted[debt.key] ?? []).isSuperset(of: debt.tiers) else { return nil }
        var note = debt
        note.tiers.formUnion(writtenDebt(debt.key)?.tiers ?? [])
        return note
    }

    /// What is to be written down of `key`: what is owed, and what was paid so recently that it may be owed again. Nil if
    /// there is nothing.
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

    /// `revision` of the key is in none of `tiers`, beside those that were owed an earlier one.
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

    /// The tier has `revision` of the key.
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

    /// A new visit was left in the tier: what it was paid before the visit before that, it has for good.
    mutating func visitBegan(_ tier: TierName) {
        recent[tier]?.visitBegan().forEach { review($0) }
    }

    /// The tier may have lost what it was paid of late.
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

    /// `revision` of the key is the newest that is known. The book may have heard of a higher one, which went with a disk.
    mutating func known(_ key: Key, _ revision: Revision) { entries[key]?.revision = revision }

    /// The key goes to the tier by itself, out of turn.
    mutating func sent(_ key: Key, to tier: TierName) {
        guard entries[key]?.owed.contains(TierSet(tier)) == true else { return }
        if entries[key]?.queued.contains(TierSet(tier)) == true {
            entries[key]?.queued.remove(TierSet(tier))
            queues[tier]?.count -= 1
        }
        entries[key]?.sent.insert(TierSet(tier))
    }

    /// What was on its way may not have arrived: it is the tier's next again, in this order.
    mutating func returned(_ keys: [Key], to tier: TierName) {
        for key in keys.reversed() {
            entries[key]?.sent.remove(TierSet(tier))
            enqueue(key, tier, atFront: true)
        }
    }

    /// The tier is owed nothing of the book any more. That notes name it does not matter, until `struck`.
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
        // A note of a key that is owed to no tier, and of which it is not known whether it is there, does no harm.
        unwritten = unwritten.filter { entries[$0] != nil || noted[$0] != nil }
    }

    /// No note names any of `tiers` any more, also none that was written since they were forsaken.
    mutating func struck(_ tiers: TierSet) {
        for (key, names) in noted where !names.isDisjoint(with: tiers) {
            let left = names.subtracting(tiers)
            noted[key] = left.isEmpty ? nil : left
            review(key)
        }
    }

    /// The notes of these are on the disk.
    mutating func written(_ debts: some Sequence<Debt<Key>>) {
        for debt in debts {
            noted[debt.key] = debt.tiers.isEmpty ? nil : debt.tiers
            unwritten.remove(debt.key)
            review(debt.key)
        }
    }

    /// The notes of these may be on the disk, or what was there before.
    mutating func doubted(_ keys: some Sequence<Key>) {
        for key in keys {
            noted[key] = nil
            unwritten.insert(key)
        }
    }

    /// There are no notes any more.
    mutating func unwriteAll() {
        noted = [:]
        unwritten = recent.values.reduce(into: Set(entries.keys)) { $0.formUnion($1.all.keys) }
    }

    /// What the note of `key` should name may have changed.
    private mutating func review(_ key: Key) {
        var wanted = entries[key]?.owed ?? []
        for (tier, payments) in recent where payments.payment(key) != nil { wanted.formUnion(TierSet(tier)) }
        if wanted == noted[key] ?? [] {
            // Of a key without a note, which it needs not, it may not be known whether it has one: see `doubted`.
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
