import Contracts
import Synchronization

/// A store's memory tier, with what is under way on each key, for the store's thread and those that ask it.
final class SharedMemory<Record: TieredRecord>: Sendable {
    struct Content {
        fileprivate var tier: MemoryTier<Record>
        /// Changes of the batch that is being done.
        private var staged: [Record.Key: Record] = [:]
        /// How many operations on a key were submitted and are not done.
        private var underWay: [Record.Key: Int] = [:]

        fileprivate init(limit: Int) { tier = MemoryTier(limit: limit) }

        var held: [Record.Key: Record] { tier.held }
        var heldCost: Int { tier.heldCost }

        func isHeld(_ key: Record.Key) -> Bool { tier.isHeld(key) }
        func contains(_ key: Record.Key) -> Bool { tier.contains(key) }
        mutating func lookUp(_ key: Record.Key) -> Record? { staged[key] ?? tier.lookUp(key) }
        mutating func stage(_ record: Record) { staged[record.key] = record }
        mutating func cache(_ record: Record) { tier.cache(record) }
        mutating func hold(_ records: [Record]) -> Bool { tier.hold(records) }

        mutating func unstage(_ records: [Record]) {
            for record in records where staged[record.key]?.revision == record.revision { staged[record.key] = nil }
        }

        mutating func began(_ key: Record.Key) { underWay[key, default: 0] += 1 }

        mutating func ended(_ key: Record.Key) {
            guard let count = underWay[key] else { return }
            underWay[key] = count > 1 ? count - 1 : nil
        }

        func isUnderWay(_ key: Record.Key) -> Bool { underWay[key] != nil }
    }

    private let content: Mutex<Content>

    init(limit: Int) { content = Mutex(Content(limit: limit)) }

    func withLock<Result>(_ body: (inout sending Content) -> sending Result) -> sending Result {
        content.withLock(body)
    }
}
