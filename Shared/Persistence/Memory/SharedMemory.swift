import Contracts
import Synchronization

/// A store's memory tier, its debt book, and the operations under way on each key, shared between the store's thread
/// and the threads that read from memory.
package final class SharedMemory<Record: TieredRecord>: Sendable {
    struct Content {
        fileprivate var tier: MemoryTier<Record>
        /// The keys that the remote tiers still lack.
        var book = DebtBook<Record.Key>()
        /// The remote tiers that have every record not owed to them.
        var holders: TierSet = []
        /// Whether a call was served from memory since this was last read.
        var isUsed = false
        /// Changes of the current batch.
        private var staged: [Record.Key: Record] = [:]
        /// The number of submitted and unfinished operations on each key.
        private var underWay: [Record.Key: Int] = [:]

        fileprivate init(limit: Int) { tier = MemoryTier(limit: limit) }

        var held: [Record.Key: Record] { tier.held }
        var heldCost: Int { tier.heldCost }
        var cost: Int { tier.cost }
        var copies: [Record] { tier.copies }

        func isHeld(_ key: Record.Key) -> Bool { tier.isHeld(key) }
        func contains(_ key: Record.Key) -> Bool { tier.contains(key) }
        mutating func lookUp(_ key: Record.Key) -> Record? { staged[key] ?? tier.lookUp(key) }
        /// Like `lookUp`, but does not count as a use for the LRU order.
        func peek(_ key: Record.Key) -> Record? { staged[key] ?? tier.peek(key) }
        mutating func stage(_ record: Record) { staged[record.key] = record }
        mutating func cache(_ record: Record) { tier.cache(record) }
        func canHold(_ records: [Record]) -> Bool { tier.canHold(records) }
        mutating func hold(_ records: [Record], isOwed: Bool = false) -> Bool { tier.hold(records, isOwed: isOwed) }

        mutating func forgetCopies() { tier.forgetCopies() }
        mutating func forgetCopies(of keys: [Record.Key]) { keys.forEach { tier.forgetCopy($0) } }

        mutating func unstage(_ records: [Record]) {
            for record in records where staged[record.key]?.revision == record.revision { staged[record.key] = nil }
        }

        mutating func began(_ key: Record.Key) { underWay[key, default: 0] += 1 }

        mutating func ended(_ key: Record.Key) {
            guard let count = underWay[key] else { return }
            underWay[key] = count > 1 ? count - 1 : nil
        }

        func isUnderWay(_ key: Record.Key) -> Bool { underWay[key] != nil }

        /// The tiers that have the newest revision of `key`, and those in `confirmed`.
        ///
        /// - Parameter revision: the revision to report on; nil: the newest. If a newer one came from a tier in the
        ///   meantime, the tiers that have it may lack this one. Then only the tiers in `confirmed` are named.
        func placement(
            of key: Record.Key, at revision: Revision? = nil, confirmed: TierSet = []
        ) -> Placement {
            let isNewest = revision.map { $0 == peek(key)?.revision } ?? true
            let paid = isNewest ? holders.subtracting(book.owed(key)) : []
            var tiers = paid.union(confirmed).names
            if isHeld(key) {
                tiers.append(.memory)
            } else {
                tiers.append(.sqlite)
                if contains(key) { tiers.append(.memory) }
            }
            return Placement(tiers)
        }
    }

    private let content: Mutex<Content>

    package init(limit: Int) { content = Mutex(Content(limit: limit)) }

    // MARK: For checks from outside

    package func heldRecord(_ key: Record.Key) -> Record? { withLock { $0.held[key] } }
    /// The record that a call would see without the disk. Does not count as a use for the LRU order.
    package func shown(_ key: Record.Key) -> Record? { withLock { $0.peek(key) } }
    package var bytes: Int { withLock { $0.cost } }

    func withLock<Result>(_ body: (inout sending Content) -> sending Result) -> sending Result {
        content.withLock(body)
    }
}
