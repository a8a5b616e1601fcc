/// Keys that one tier does not accept now: the cause, and the time of the next attempt. The waits grow for each key
/// separately. No I/O, no clock.
///
/// A key stays here while it is tried again, until the tier has it. So its next wait is longer, and its reason is
/// reported once.
struct PutAside<Key: Hashable & Sendable> {
    enum Cause: Sendable, Equatable {
        /// Another transaction has locked the row.
        case locked
        /// The tier refuses the record.
        case refused
        /// The row had another revision, which was imported.
        case overtaken

        /// The first wait of a key, and the longest.
        fileprivate var waits: (first: Duration, longest: Duration) {
            switch self {
            case .locked: (.seconds(1), .seconds(15))
            case .refused: (.seconds(60), .seconds(3_600))
            case .overtaken: (.zero, .seconds(60))
            }
        }
    }

    private struct Entry {
        var cause: Cause
        var reason: String
        var attempts: Int
        /// Nil while it is tried.
        var dueAt: ContinuousClock.Instant?
    }

    private var entries: [Key: Entry] = [:]
    /// No later than the time when the first key is due; nil when no key waits.
    private(set) var dueAt: ContinuousClock.Instant?

    var isEmpty: Bool { entries.isEmpty }

    /// The number of records that the tier refuses, by reason.
    var refusals: [String: Int] {
        entries.values.reduce(into: [:]) { counts, entry in
            if entry.cause == .refused { counts[entry.reason, default: 0] += 1 }
        }
    }

    /// The number of rows that have been locked for more than a moment.
    var lockedCount: Int { entries.values.count { $0.cause == .locked && $0.attempts > Self.lockAttemptsMax } }
    private static var lockAttemptsMax: Int { 4 }

    /// Whether a write of `key` is known to wait for a lock, or to find another revision.
    func isBlocked(_ key: Key) -> Bool {
        guard let entry = entries[key] else { return false }
        return entry.dueAt != nil && entry.cause != .refused
    }

    /// The tier did not accept `key`. It waits twice as long as the last time.
    mutating func putAside(
        _ key: Key, _ cause: Cause, reason: String, waitMin: Duration = .zero, at now: ContinuousClock.Instant
    ) {
        let known = entries[key].flatMap { $0.cause == cause ? $0.attempts : nil } ?? 0
        let (first, longest) = cause.waits
        let doublings = min(known, 12)
        let wait = first == .zero && known > 0 ? Duration.seconds(1) * (1 << (doublings - 1)) : first * (1 << doublings)
        let due = now + max(min(wait, longest), waitMin)
        entries[key] = Entry(cause: cause, reason: reason, attempts: known + 1, dueAt: due)
        dueAt = dueAt.map { min($0, due) } ?? due
    }

    /// Takes the keys whose next attempt is due.
    mutating func take(dueAt now: ContinuousClock.Instant) -> [Key] {
        guard let dueAt, dueAt <= now else { return [] }
        return take { $0 <= now }
    }

    /// Takes all keys that wait: there is a new contact, and the tier may be a different database now.
    mutating func takeAll() -> [Key] { dueAt == nil ? [] : take { _ in true } }

    private mutating func take(_ isTaken: (ContinuousClock.Instant) -> Bool) -> [Key] {
        var taken: [Key] = []
        dueAt = nil
        for (key, entry) in entries {
            guard let due = entry.dueAt else { continue }
            if isTaken(due) {
                taken.append(key)
                entries[key]?.dueAt = nil
            } else {
                dueAt = dueAt.map { min($0, due) } ?? due
            }
        }
        return taken
    }

    /// The tier has received `key`.
    mutating func paid(_ key: Key) { entries[key] = nil }
}
