import Contracts
import Persistence

/// A table on a virtual disk: transactions, savepoints, and every way in which calls fail.
class VirtualTable<Record: SimulatedRecord> {
    typealias Key = Record.Key
    typealias Image = VirtualDisk<Record>.Image

    private enum Code: Int32 { case readOnly = 8, inputOutput = 10, corrupt = 11, full = 13, constraint = 19 }
    private enum Kind { case read, write, commit }

    private let disk: VirtualDisk<Record>
    /// The open transaction.
    private var working: Image?
    private var saved: Image?
    private var image: Image { working ?? disk.committed }

    required init(path: String) throws(LocalTableError) {
        guard let disk = VirtualDisks.find(path, Record.self) else { preconditionFailure("no disk at \(path)") }
        self.disk = disk
        do { try meet(.read, "open") } catch { throw .open(error) }
    }

    // MARK: Faults

    private func error(_ code: Code, _ operation: String) -> SQLiteError {
        disk.count("\(code)")
        return SQLiteError(code: code.rawValue, message: "simulated", operation: operation)
    }

    private func meet(_ kind: Kind, _ operation: String) throws(SQLiteError) {
        switch disk.trouble {
        case nil: break
        case .failing: throw error(.inputOutput, operation)
        case .full: if kind != .read { throw error(.full, operation) }
        case .readOnly: if kind != .read { throw error(.readOnly, operation) }
        case .flaky: if disk.dice.chance(0.1) { throw error(.inputOutput, operation) }
        }
        if disk.committed.isBroken, kind != .commit, disk.dice.chance(0.2) { throw error(.corrupt, operation) }
    }

    // MARK: Transactions

    func begin() throws(SQLiteError) {
        precondition(working == nil, "a transaction in a transaction")
        try meet(.read, "begin")
        working = disk.committed
    }

    /// A failed one is in effect, or not, or will be after the next start.
    func commit() throws(SQLiteError) {
        guard let image = working else { preconditionFailure("nothing to commit") }
        do { try meet(.commit, "commit") } catch {
            switch disk.dice.number(0...3) {
            case 0:
                disk.committed = image
                disk.ghost = nil
                disk.count("commit failed and is in effect")
            case 1:
                disk.ghost = image
                disk.count("commit failed and comes back")
            default: break
            }
            throw error
        }
        disk.committed = image
        disk.ghost = nil
        working = nil
        saved = nil
    }

    func rollback() {
        working = nil
        saved = nil
    }

    func savepoint() throws(SQLiteError) {
        try meet(.read, "savepoint")
        saved = working
    }

    func rollbackToSavepoint() throws(SQLiteError) {
        if let saved { working = saved }
    }

    func checkpoint() {}

    private func change(_ operation: String, _ body: (inout Image) throws(SQLiteError) -> Void) throws(SQLiteError) {
        try meet(.write, operation)
        var changed = image
        try body(&changed)
        if working != nil {
            working = changed
        } else {
            try meet(.commit, operation)
            disk.committed = changed
            disk.ghost = nil
        }
    }

    // MARK: Rows

    func get(_ key: Key) throws(SQLiteError) -> Record? {
        try meet(.read, "get")
        if image.unreadable.contains(key) { throw error(.corrupt, "get") }
        return image.rows[key]
    }

    func put(_ record: Record) throws(SQLiteError) {
        if image.unreadable.contains(record.key) { throw error(.corrupt, "put") }
        let stored = image.rows[record.key]
        if let stored, stored.revision >= record.revision { return }
        let isNameNew = record.nameToAPerson != nil && stored?.nameToAPerson != record.nameToAPerson
        let others = image.rows.values.filter { $0.key != record.key }
        let isTaken = others.contains { other in
            (record.nameOfItsOwn != nil && other.nameOfItsOwn == record.nameOfItsOwn)
                || (record.requestOfItsOwn != nil && other.requestOfItsOwn == record.requestOfItsOwn
                    && other.isTombstone == record.isTombstone)
                || (isNameNew && other.nameToAPerson == record.nameToAPerson
                    && !plantedBug(.nicknamesComparedByBytes))
        }
        if isTaken { throw error(.constraint, "put") }
        try change("put") { $0.rows[record.key] = record }
    }

    func makeWay(for records: [Record]) throws(SQLiteError) {
        for record in records {
            guard let stored = image.rows[record.key], stored.nameOfItsOwn != nil, stored.revision < record.revision,
                stored.nameOfItsOwn != record.nameOfItsOwn
            else { continue }
            try change("make way") { $0.rows[record.key] = stored.withoutName }
        }
    }

    private var sorted: [Record] { image.rows.values.sorted { Record.isOrdered($0.key, $1.key) } }

    func rows(_ isWanted: (Record) -> Bool) throws(SQLiteError) -> [Record] {
        try meet(.read, "select")
        return sorted.filter(isWanted)
    }

    func keys(after key: Key?, limit: Int) throws(SQLiteError) -> [(key: Key, revision: Revision)] {
        try meet(.read, "keys")
        if !image.unreadable.isEmpty { throw error(.corrupt, "keys") }
        return sorted.filter { row in key.map { Record.isOrdered($0, row.key) } ?? true }.prefix(limit)
            .map { ($0.key, $0.revision) }
    }

    func count() throws(SQLiteError) -> Int {
        try meet(.read, "count")
        return image.rows.count
    }

    func liveCount(at now: Timestamp) throws(SQLiteError) -> Int {
        try meet(.read, "count")
        return image.rows.values.count { $0.isLive(at: now) }
    }

    func highestPrunedRevision() throws(SQLiteError) -> Revision {
        try meet(.read, "fact")
        return image.forgotten.values.max() ?? .none
    }

    func quarantine(_ key: Key, text: String) throws(SQLiteError) { try meet(.write, "quarantine") }

    func prune(before moment: Timestamp, limit: Int) throws(SQLiteError) -> [Key] {
        let old = sorted.filter { $0.isTombstone && !$0.isEmptied && $0.goneAt <= moment }.prefix(limit)
        guard !old.isEmpty else { return [] }
        try change("prune") { image in
            for record in old {
                image.rows[record.key] = record.emptied
                guard plantedBug(.prunesBeforeAllTiersHaveIt), image.debts[record.key] == nil else { continue }
                image.rows[record.key] = nil
                image.forgotten[record.key] = record.revision
            }
        }
        return old.map(\.key)
    }

    // MARK: What is owed

    func debtCounts(upTo limit: Int) throws(SQLiteError) -> [TierName: Int] {
        try meet(.read, "count debts")
        var counts: [TierName: Int] = [:]
        for name in image.debts.values.flatMap({ $0.tiers.names }) { counts[name, default: 0] += 1 }
        return counts.mapValues { min($0, limit) }
    }

    func strikeDebts(of tiers: TierSet, limit: Int) throws(SQLiteError) -> Bool {
        let keys = image.debts.filter { !$0.value.tiers.isDisjoint(with: tiers) }.keys.sorted(by: Record.isOrdered)
        try change("strike") { image in
            for key in keys.prefix(limit) {
                image.debts[key]?.tiers.subtract(tiers)
                if image.debts[key]?.tiers.isEmpty == true { image.debts[key] = nil }
            }
        }
        return keys.count <= limit
    }

    func debts(of tiers: TierSet) throws(SQLiteError) -> [Debt<Key>] {
        try meet(.read, "debts")
        return image.debts.values.filter { !$0.tiers.isDisjoint(with: tiers) }.sorted {
            $0.revision == $1.revision ? Record.isOrdered($0.key, $1.key) : $0.revision < $1.revision
        }
    }

    func write(_ debt: Debt<Key>) throws(SQLiteError) {
        try change("debt") { $0.debts[debt.key] = debt.tiers.isEmpty ? nil : debt }
    }

    func progress() throws(SQLiteError) -> [TierName: TierProgress] {
        try meet(.read, "progress")
        return image.progress
    }

    func write(_ progress: TierProgress, of tier: TierName) throws(SQLiteError) {
        try change("progress") { $0.progress[tier] = progress }
    }

    // MARK: Broken files

    private static func disk(_ path: String) -> VirtualDisk<Record> {
        guard let disk = VirtualDisks.find(path, Record.self) else { preconditionFailure("no disk at \(path)") }
        return disk
    }

    private static func mayMove(_ disk: VirtualDisk<Record>) throws(SQLiteError) {
        if disk.trouble == .failing || disk.trouble == .readOnly {
            throw SQLiteError(code: Code.inputOutput.rawValue, message: "simulated", operation: "rename")
        }
    }

    static func setAside(_ path: String, at now: Timestamp) throws(SQLiteError) {
        try mayMove(disk(path))
        disk(path).setAside()
    }

    static func unsalvaged(_ path: String) throws(SQLiteError) -> [String] { disk(path).unsalvaged.keys.sorted() }

    static func salvaged(_ file: String, rows: Int64) throws(SQLiteError) {
        try mayMove(disk(file))
        disk(file).unsalvaged[file] = nil
    }

    static func salvage(_ path: String, _ body: ([Record]) throws(SQLiteError) -> Void) throws(SQLiteError) {
        guard let image = disk(path).unsalvaged[path] else { return }
        var rows = image.rows.values.sorted { Record.isOrdered($0.key, $1.key) }[...]
        while !rows.isEmpty {
            try body(Array(rows.prefix(2)))
            rows = rows.dropFirst(2)
        }
    }
}

final class VirtualConversationTable: VirtualTable<ConversationRecord>, ConversationRows {
    /// The position is of no use here: a page is full, or the last.
    func expired(
        by time: AgreedTime, after position: SweepPosition?, limit: Int
    ) throws(SQLiteError) -> ExpiredPage {
        let expired = try rows { row in
            !row.isClosed
                && (row.expiresAt <= time.now && time.since <= row.updatedAt
                    || time.horizon.map { row.expiresAt <= $0 } ?? false)
        }
        let records = Array(expired.sorted { $0.expiresAt < $1.expiresAt }.prefix(limit))
        return ExpiredPage(records: records, next: records.count < expired.count ? SweepPosition(hour: 0, row: 0) : nil)
    }
}

final class VirtualMachineTable: VirtualTable<MachineRecord>, MachineRows {
    func added(by requestID: String) throws(SQLiteError) -> MachineRecord? {
        try rows { $0.requestID == requestID }.first
    }

    func ids(userID: String, nicknameKey: String) throws(SQLiteError) -> [String] {
        try rows {
            !$0.isDeleted && $0.userID == userID && Nickname.folded($0.details.nickname) == nicknameKey
        }.map(\.id)
    }

    func rivals(of record: MachineRecord) throws(SQLiteError) -> [String] {
        try rows {
            !$0.isDeleted && $0.userID == record.userID && $0.id != record.id
                && Nickname.folded($0.details.nickname) == Nickname.folded(record.details.nickname)
        }.map(\.id)
    }
}
