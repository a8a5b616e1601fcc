public import Contracts
import FoundationEssentials
import Glibc
import Migrations

/// The common part of both services' tables: a connection, opened and migrated.
public class SQLiteTable {
    let connection: SQLiteConnection
    // Released after the connection is closed, because properties are released in the order of their declaration. Nil
    // for a reader.
    private let lock: DatabaseLock?
    var isReader: Bool { lock == nil }
    /// The wall clock.
    private var now: @Sendable () -> Timestamp = wallClock
    public private(set) var latestMoment = Timestamp(clamping: .min)
    /// Whether `incidents` may have changed since they were last read.
    public internal(set) var hasIncidentNews = true

    /// Opens the file to read it while its service runs.
    /// - Throws: also when this program does not know its schema.
    init(reading path: String, store: Migration.Store) throws(LocalTableError) {
        lock = nil
        do { connection = try SQLiteConnection(reading: path) } catch { throw .open(error) }
        do { try SQLiteMigrator(store: store).requireCurrent(connection) } catch { throw .migration(error) }
    }

    /// - Parameter progressed: called repeatedly while that takes time.
    init(path: String, store: Migration.Store, progressed: @escaping () -> Void) throws(LocalTableError) {
        lock = try DatabaseLock(databasePath: path)
        do { connection = try SQLiteConnection(path: path) } catch { throw .open(error) }
        connection.watch(progressed)
        defer { connection.watch(nil) }
        do { _ = try SQLiteMigrator(store: store).migrate(connection) } catch { throw .migration(error) }
    }

    public func begin() throws(SQLiteError) { try connection.begin() }

    public func commit() throws(SQLiteError) {
        let now = now()
        if now > latestMoment.advanced(by: Self.momentNotedEvery) {
            try raiseFact(Self.latestMomentFact, to: now.milliseconds)
            latestMoment = now
        }
        try connection.commit()
    }
    @Sendable static func wallClock() -> Timestamp {
        Timestamp(clamping: Int64(Date.now.timeIntervalSince1970 * 1_000))
    }

    private static let latestMomentFact = "latest_moment"
    private static let momentNotedEvery = Duration.seconds(86_400)

    public func keepTime(by now: @escaping @Sendable () -> Timestamp) throws(SQLiteError) {
        self.now = now
        latestMoment = Timestamp(clamping: try fact(Self.latestMomentFact) ?? .min)
    }

    /// The time that counts as now for the rows. So a clock that lost the time does not make all rows seem too new to
    /// be believed.
    var moment: Timestamp { max(now(), latestMoment) }

    public func rollback() { connection.rollback() }
    public func savepoint() throws(SQLiteError) { try connection.run("SAVEPOINT change") }
    public func rollbackToSavepoint() throws(SQLiteError) { try connection.run("ROLLBACK TO change") }
    public func checkpoint() { connection.checkpoint() }
    public var logPages: Int { connection.log.pages }
    public var freePages: Int { connection.freePages }
    public func moveLog() -> LogMove { connection.moveLog() }

    // MARK: The store's knowledge of its remote tiers

    public func progress() throws(SQLiteError) -> [TierName: TierProgress] {
        var all: [TierName: TierProgress] = [:]
        let rows = try connection.rows(
            "SELECT tier, mark, visit, next_visit, pulled_to, seeding FROM tier_progress"
        ) { row in
            var progress = TierProgress()
            progress.mark = row.optionalInteger(1)
            progress.visit = row.integer(2)
            progress.nextVisit = row.optionalInteger(3)
            progress.pulledTo = Revision(rawValue: row.integer(4))
            progress.seeding =
                switch row.text(5) {
                case nil: .done
                case "": .due
                case let text?: .under(after: text)
                }
            return (row.text(0) ?? "", progress)
        }
        for (name, progress) in rows { if let tier = TierName(rawValue: name) { all[tier] = progress } }
        return all
    }

    public func write(_ progress: TierProgress, of tier: TierName) throws(SQLiteError) {
        let seeding: String? =
            switch progress.seeding {
            case .done: nil
            case .due, .under(after: nil): ""
            case .under(after: let text?): text
            }
        try connection.run(
            """
            INSERT OR REPLACE INTO tier_progress (tier, mark, visit, next_visit, pulled_to, seeding)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
            [
                .text(tier.rawValue), SQLiteValue(progress.mark), .integer(progress.visit),
                SQLiteValue(progress.nextVisit), .integer(progress.pulledTo.rawValue), SQLiteValue(seeding),
            ])
    }

    /// The number of quarantined rows.
    func quarantinedCount() throws(SQLiteError) -> Int64 {
        try connection.rows("SELECT count(*) FROM quarantine") { $0.integer(0) }.first ?? 0
    }

    // MARK: Broken files

    /// The name of a broken file contains this until its readable rows were copied, and then `brokenMark`.
    private static let unsalvagedMark = ".salvage-"
    private static let brokenMark = ".broken-"

    public static func setAside(_ path: String, at now: Timestamp) throws(SQLiteError) {
        let stamp = now.databaseText.filter { $0.isNumber }
        try move(path, to: path + unsalvagedMark + stamp)
        // SQLite creates the index of the log again when the file is opened.
        unlink(path + "-shm")
    }

    public static func unsalvaged(_ path: String) throws(SQLiteError) -> [String] {
        let url = URL(filePath: path)
        let directory = url.deletingLastPathComponent().path(percentEncoded: false)
        let beginning = url.lastPathComponent + unsalvagedMark
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: directory) } catch {
            throw .cannotOpen(directory, EIO)
        }
        return names.filter { $0.hasPrefix(beginning) && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }.sorted()
            .map { url.deletingLastPathComponent().appending(path: $0).path(percentEncoded: false) }
    }

    public static func salvaged(_ file: String, rows: Int64) throws(SQLiteError) {
        unlink(file + "-shm")
        try move(file, to: file.replacing(unsalvagedMark, with: brokenMark) + BrokenFile.suffix(rows))
    }

    /// Moves the log first, because the file is incomplete without it.
    private static func move(_ path: String, to wanted: String) throws(SQLiteError) {
        var target = wanted
        while FileManager.default.fileExists(atPath: target) { target += "+" }
        for suffix in ["-wal", ""] where FileManager.default.fileExists(atPath: path + suffix) {
            guard rename(path + suffix, target + suffix) == 0 else { throw .cannotOpen(path + suffix, errno) }
        }
    }

    /// Reads the readable rows of `table`, in the order of `rowid`. Continues after a broken page.
    ///
    /// - Parameter columns: the columns without the rowid, which comes last.
    static func salvage<Record>(
        _ connection: SQLiteConnection, _ table: String, _ columns: String,
        _ read: (SQLiteStatement) throws(SQLiteError) -> Record, _ body: ([Record]) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        var position = Int64.min
        var stride: Int64 = 1
        // The bound ends the loop in any broken file.
        var failuresLeft = 1_000
        while failuresLeft > 0 {
            var batch: [Record] = []
            do throws(SQLiteError) {
                let isOver =
                    try connection.eachRow(
                        "SELECT \(columns), rowid FROM \(table) WHERE rowid > ? ORDER BY rowid LIMIT 500",
                        [.integer(position)]
                    ) { row throws(SQLiteError) in
                        position = row.integer(row.columnCount - 1)
                        stride = 1
                        batch.append(try read(row))
                    } == 0
                if !batch.isEmpty { try body(batch) }
                if isOver { return }
            } catch {
                if !batch.isEmpty { try body(batch) }
                guard error.isCorruption else { return }
                failuresLeft -= 1
                guard position < .max - stride else { return }
                position = position == .min ? 0 : position + stride
                stride *= 2
            }
        }
    }

    /// A value that the store keeps beside its rows.
    func fact(_ name: String) throws(SQLiteError) -> Int64? {
        try connection.rows("SELECT value FROM store_facts WHERE name = ?", [.text(name)]) { $0.integer(0) }.first
    }

    /// Stores the highest `value` that was given for `name`.
    func raiseFact(_ name: String, to value: Int64) throws(SQLiteError) {
        try connection.run(
            """
            INSERT INTO store_facts(name, value) VALUES (?, ?)
            ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value)
            """, [.text(name), .integer(value)])
    }
}
