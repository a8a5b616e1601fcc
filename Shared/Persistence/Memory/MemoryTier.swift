import Contracts

/// Records in memory, within a bound. Records that no other tier has stay until one has them. Copies of others are
/// dropped when room is needed, the least recently used first (to the nearest half).
struct MemoryTier<Record: TieredRecord> {
    /// In bytes, as `TieredRecord.memoryCost` counts them.
    let limit: Int
    private(set) var held: [Record.Key: Record] = [:]
    private(set) var heldCost = 0
    /// Copies that were used since the generations were last swapped.
    private var young: [Record.Key: Record] = [:]
    private var youngCost = 0
    /// Copies not used since then.
    private var old: [Record.Key: Record] = [:]
    private var oldCost = 0

    init(limit: Int) { self.limit = limit }

    var cost: Int { heldCost + youngCost + oldCost }

    /// Whether the key's newest revision is in memory only.
    func isHeld(_ key: Record.Key) -> Bool { held[key] != nil }

    func contains(_ key: Record.Key) -> Bool { held[key] != nil || young[key] != nil || old[key] != nil }

    /// All copies of records that durable tiers have.
    var copies: [Record] { Array(young.values) + old.values }

    func peek(_ key: Record.Key) -> Record? { held[key] ?? young[key] ?? old[key] }

    mutating func lookUp(_ key: Record.Key) -> Record? {
        if let record = held[key] ?? young[key] { return record }
        guard let record = old.removeValue(forKey: key) else { return nil }
        oldCost -= record.memoryCost
        addYoung(record)
        return record
    }

    /// Stores a copy of a record that a durable tier has. It replaces an older record of the same key.
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

    /// Whether `hold` would have room if all records had different keys, none of them in `held` yet.
    func canHold(_ records: [Record]) -> Bool { records.reduce(heldCost) { $0 + $1.memoryCost } <= limit }

    /// Stores `records`, which the disk does not have: the newest of each key.
    /// - Parameter isOwed: whether they were acknowledged already. Then they are stored even above the limit.
    /// - Returns: false when there is no room for all of them. Then nothing was changed.
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
