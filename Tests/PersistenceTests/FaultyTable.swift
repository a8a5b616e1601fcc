import CSQLite
import Contracts
import Synchronization

@testable import Persistence

/// A real table whose calls fail when a test says so.
final class FaultyTable: LocalTable {
    typealias Record = ConversationRecord

    /// The faults to inject, for the file at a path.
    struct Faults: Sendable {
        /// The number of calls that succeed before the fault begins; nil for no fault.
        var callsBefore: Int?
        /// The number of calls that fail.
        var count = Int.max
        var code = SQLITE_FULL
        /// Whether the commit takes effect although it reports a failure.
        var commitsAnyway = false
        /// Whether reading a row fails.
        var failsReads = false
        /// The number of calls so far.
        fileprivate(set) var calls = 0
    }

    private static let faults = Mutex<[String: Faults]>([:])

    static func set(_ faults: Faults, for path: String) { Self.faults.withLock { $0[path] = faults } }
    static func heal(_ path: String) { faults.withLock { $0[path] = nil } }
    static func calls(_ path: String) -> Int { faults.withLock { $0[path]?.calls ?? 0 } }

    private let table: ConversationTable
    private let path: String

    init(path: String) throws(LocalTableError) {
        self.path = path
        table = try ConversationTable(path: path)
    }

    private func meet(_ operation: String) throws(SQLiteError) {
        let code: Int32? = Self.faults.withLock { all in
            guard let before = all[path]?.callsBefore else { return nil }
            all[path]?.calls += 1
            let calls = all[path]?.calls ?? 0
            let isFailing = calls > before && calls - before <= all[path]?.count ?? 0
            return isFailing ? all[path]?.code : nil
        }
        if let code { throw SQLiteError(code: code, message: "injected", operation: operation) }
    }

    func get(_ key: ConversationKey) throws(SQLiteError) -> ConversationRecord? {
        if Self.faults.withLock({ $0[path]?.failsReads ?? false }) {
            throw SQLiteError(code: SQLITE_IOERR, message: "injected", operation: "get")
        }
        return try table.get(key)
    }
    func put(_ record: ConversationRecord) throws(SQLiteError) {
        try meet("put")
        try table.put(record)
    }
    func begin() throws(SQLiteError) {
        try meet("begin")
        try table.begin()
    }
    func commit() throws(SQLiteError) {
        let commitsAnyway = Self.faults.withLock { $0[path]?.commitsAnyway ?? false }
        if commitsAnyway { try table.commit() }
        try meet("commit")
        if !commitsAnyway { try table.commit() }
    }
    func rollback() { table.rollback() }
    func savepoint() throws(SQLiteError) { try table.savepoint() }
    func rollbackToSavepoint() throws(SQLiteError) { try table.rollbackToSavepoint() }
    func checkpoint() { table.checkpoint() }

    func keys(after key: ConversationKey?, limit: Int) throws(SQLiteError) -> [(
        key: ConversationKey, revision: Revision
    )] { try table.keys(after: key, limit: limit) }
    func count() throws(SQLiteError) -> Int { try table.count() }
    func liveCount(at now: Timestamp) throws(SQLiteError) -> Int { try table.liveCount(at: now) }
    func prune(before moment: Timestamp, limit: Int) throws(SQLiteError) -> [ConversationKey] {
        try table.prune(before: moment, limit: limit)
    }
    func highestPrunedRevision() throws(SQLiteError) -> Revision { try table.highestPrunedRevision() }
    func quarantine(_ key: ConversationKey, text: String) throws(SQLiteError) { try table.quarantine(key, text: text) }
    func debtCounts(upTo limit: Int) throws(SQLiteError) -> [TierName: Int] { try table.debtCounts(upTo: limit) }
    func debts(of tiers: TierSet) throws(SQLiteError) -> [Debt<ConversationKey>] { try table.debts(of: tiers) }
    func strikeDebts(of tiers: TierSet, limit: Int) throws(SQLiteError) -> Bool {
        try meet("strike")
        return try table.strikeDebts(of: tiers, limit: limit)
    }
    func write(_ debt: Debt<ConversationKey>) throws(SQLiteError) { try table.write(debt) }
    func progress() throws(SQLiteError) -> [TierName: TierProgress] { try table.progress() }
    func write(_ progress: TierProgress, of tier: TierName) throws(SQLiteError) {
        try table.write(progress, of: tier)
    }
    static func setAside(_ path: String, at now: Timestamp) throws(SQLiteError) {
        try ConversationTable.setAside(path, at: now)
    }
    static func unsalvaged(_ path: String) throws(SQLiteError) -> [String] { try ConversationTable.unsalvaged(path) }
    static func salvaged(_ file: String, rows: Int64) throws(SQLiteError) {
        try ConversationTable.salvaged(file, rows: rows)
    }
    func incidents() throws(SQLiteError) -> StoreIncidents { try table.incidents() }
    var hasIncidentNews: Bool { table.hasIncidentNews }
    func acknowledge(_ incidents: [StoreIncident], at now: Timestamp) throws(SQLiteError) {
        try meet("acknowledge")
        try table.acknowledge(incidents, at: now)
    }
    static func salvage(
        _ path: String, _ body: ([ConversationRecord]) throws(SQLiteError) -> Void
    ) throws(SQLiteError) { try ConversationTable.salvage(path, body) }
}
