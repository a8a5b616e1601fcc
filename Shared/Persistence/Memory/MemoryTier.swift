import Contracts

/// Records in memory, within a bound: those that no other tier holds, which stay until one does, and copies of others,
/// which go when room is needed, the least recently used first (to the nearest half).
struct MemoryTier<Record: TieredRecord> {
    /// In bytes, as `TieredRecord.memoryCost` counts them.
    let limit: Int
    private(set) var held: [Record.Key: Record] = [:]
    private(set) var heldCost = 0
    /// Copies used since the last turn of generations.
    private var young: [Record.Key: Record] = [:]
    private var youngCost = 0
    /// Copies not used since then.
    private var old: [Record.Key: Record] = [:]
    private var oldCost = 0

    init(limit: Int) { self.limit = limit }

    var cost: Int { heldCost + youngCost + oldCost }

    /// Whether nothing but this tier holds the key's newest revision.
    func isHeld(_ key: Record.Key) -> Bool { held[key] != nil }

    func contains(_ key: Record.Key) -> Bool { held[key] != nil || young[key] != nil || old[key] != nil }

    /// All copies of what durable tiers hold.
    var copies: [Record] { Array(young.values) + old.values }

    func peek(_ key: Record.Key) -> Record? { held[key] ?? young[key] ?? old[key] }

    mutating func lookUp(_ key: Record.Key) -> Record? {
        if let record = held[key] ?? young[key] { return record }
        guard let record = old.removeValue(forKey: key) else { return nil }
        oldCost -= record.memoryCost
        addYoung(record)
        return record
    }

    /// Keeps a copy of what a durable tier holds. It replaces what is here of that key, unless that is newer.
    mutating func cache(_ record: Record) {
        if let heldRecord = held[record.key] {
            guard heldRecord.revision <= record.revision else { return }
            held[record.key] = nil
            heldCost -= heldRecord.memoryCost
        } else if let copy = young[record.key] ?? old[record.key], copy.revision >= record.revision {
            return
        }
        forgetCopy(record.key)
        addYoung(record)
    }

    /// Whether `hold` would have room, were all of them of different keys that are not held yet.
    func canHold(_ records: [Record]) -> Bool { records.reduce(heldCost) { $0 + $1.memoryCost } <= limit }

    /// Keeps `records`, which the disk does not hold. Of each key, the newest is kept.
    /// - Parameter isOwed: they were acknowledged already, and are kept even where there is no room.
    /// - Returns: false when there is no room for all of them, and then nothing was changed.
    mutating func hold(_ records: [Record], isOwed: Bool = false) -> Bool {
        let newest = Dictionary(records.map { ($0.key, $0) }) { $0.revision > $1.revision ? $0 : $1 }
            .filter { key, record in
                if let held = held[key] { return held.revision < record.revision }
                return (young[key] ?? old[key]).map { $0.revision <= record.revision } ?? true
            }
        let cost = newest.values.reduce(heldCost) { $0 - (held[$1.key]?.memoryCost ?? 0) + $1.memoryCost }
        guard cost <= limit || isOwed else { return false }
        for record in newest.values {
            forgetCopy(record.key)
            held[record.key] = record
        }
        heldCost = cost
        makeRoom()
        return true
    }

    mutating func forgetCopies() {
        (young, youngCost, old, oldCost) = ([:], 0, [:], 0)
    }

    private mutating func addYoung(_ record: Record) {
        young[record.key] = record
        youngCost += record.memoryCost
        makeRoom()
    }

    mutating func forgetCopy(_ key: Record.Key) {
        if let copy = young.removeValue(forKey: key) { youngCost -= copy.memoryCost }
        if let copy = old.removeValue(forKey: key) { oldCost -= copy.memoryCost }
    }

    private mutating func makeRoom() {
        if youngCost > max(0, limit - heldCost) / 2 {
            old = young
            oldCost = youngCost
            young = [:]
            youngCost = 0
        }
        if cost > limit {
            old = [:]
            oldCost = 0
        }
        if cost > limit {
            young = [:]
            youngCost = 0
        }
    }
}
