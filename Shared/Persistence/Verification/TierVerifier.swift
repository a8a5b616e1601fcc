public import Contracts

/// What the comparison of one store on disk with one remote tier came to.
public struct TierComparison: Sendable, Equatable {
    /// Keys that either of them has.
    public var compared = 0
    public var differenceCount = 0
    /// The first of them.
    public var differences: [TierDifference] = []

    public init() {}
}

/// Why two tiers could not be compared.
public enum VerificationError: Error, Sendable {
    case local(LocalTableError)
    case tier(PostgresError)
    /// The tier has not had these migrations.
    case tierIsOlder(missing: [Int64])
    case tierIsNewer(PostgresMigrationError)
}

/// Compares what the disk and a remote tier hold, key by key, while a service uses both. Changes nothing.
///
/// The tier's rows are walked in the tier's own order, and each is looked up on the disk. Of the keys that were seen only
/// a hash is kept; then the disk's keys are walked, and those that were not seen are what the tier lacks. (Of a million
/// keys, one that the tier lacks is overlooked with a probability of 1 to 10¹³.) So memory is bounded by 24 bytes for
/// each key, and a database's collation does not matter.
public struct TierVerifier: Sendable {
    /// What differs is looked at again after each of these: a change may have been on its way.
    public static let pauses: [Duration] = [.milliseconds(500), .seconds(1), .seconds(2)]
    /// A deleted record is kept this long; see ``ConversationStore`` and ``MachineStore``.
    static let tombstonesKeptFor = ConversationStore.tombstonesKeptFor
    static let pageRecords = 500
    static let deadline = Duration.seconds(60)

    private let store: Migrator.Store
    private let path: String
    private let connection: PostgresConnection
    private let now: @Sendable () -> Timestamp
    private let differencesMax: Int
    private let pauses: [Duration]

    /// - Parameters:
    ///   - path: the file of the store.
    ///   - differencesMax: how many of the differences are wanted; all are counted.
    public init(
        store: Migrator.Store, path: String, connection: PostgresConnection, now: @escaping @Sendable () -> Timestamp,
        differencesMax: Int, pauses: [Duration] = pauses
    ) {
        self.store = store
        self.path = path
        self.connection = connection
        self.now = now
        self.differencesMax = differencesMax
        self.pauses = pauses
    }

    /// A result and not a thrown error, so that it can stand in a tuple: of `(x, .success(try await f()))`, where the error
    /// of `f` has a type, the optimizer of Swift 6.3.1 loses `x`. A release build told of one of the two stores.
    public func compare() async -> Result<TierComparison, VerificationError> {
        do throws(VerificationError) { return .success(try await compareStore()) } catch { return .failure(error) }
    }

    private func compareStore() async throws(VerificationError) -> TierComparison {
        let missing: [Int64]
        do { missing = try await PostgresMigrator(store: store).missing(connection) } catch {
            switch error {
            case .databaseIsNewer: throw .tierIsNewer(error)
            case .failed(_, let error): throw .tier(error)
            }
        }
        guard missing.isEmpty else { throw .tierIsOlder(missing: missing) }
        switch store {
        case .conversations:
            let table: ConversationTable
            do { table = try ConversationTable(reading: path) } catch { throw .local(error) }
            return try await compare(table, PostgresConversationTable.self)
        case .machines:
            let table: MachineTable
            do { table = try MachineTable(reading: path) } catch { throw .local(error) }
            return try await compare(table, PostgresMachineTable.self)
        }
    }

    private func ask(_ batch: [PostgresStatement]) async throws(VerificationError) -> [PostgresResult] {
        do { return try await connection.submit(batch, deadline: Self.deadline).value.get() } catch {
            throw .tier(error)
        }
    }

    private func read<Answer>(_ body: () throws(SQLiteError) -> Answer) throws(VerificationError) -> Answer {
        do { return try body() } catch { throw .local(.open(error)) }
    }

    private func compare<Table: LocalTable, Remote: VerifiableTable>(
        _ table: Table, _ remote: Remote.Type
    ) async throws(VerificationError) -> TierComparison
    where Table.Record == Remote.Record, Remote.Record: VerifiableRecord {
        var comparison = TierComparison()
        var (suspects, seen) = try await walkTier(table, remote, &comparison)
        var position: Remote.Record.Key?
        while true {
            let rows = try read { () throws(SQLiteError) in
                try table.keys(after: position, limit: Self.pageRecords)
            }
            for row in rows where !seen.contains(row.key.hashValue) {
                suspects.append(row.key)
                comparison.compared += 1
            }
            guard rows.count == Self.pageRecords, let last = rows.last else { break }
            position = last.key
        }
        seen = []
        try await judge(suspects, table, remote, &comparison)
        return comparison
    }

    /// - Returns: the keys of which the tier has something else than the disk, and the hashes of all keys that it has.
    private func walkTier<Table: LocalTable, Remote: VerifiableTable>(
        _ table: Table, _ remote: Remote.Type, _ comparison: inout TierComparison
    ) async throws(VerificationError) -> (suspects: [Remote.Record.Key], seen: Set<Int>)
    where Table.Record == Remote.Record, Remote.Record: VerifiableRecord {
        let horizon = now().advanced(by: .zero - Self.tombstonesKeptFor)
        var suspects: [Remote.Record.Key] = []
        var seen: Set<Int> = []
        var position: Remote.Record.Key?
        repeat {
            let statement = remote.page(after: position, newerThan: .none, limit: Self.pageRecords)
            let page = remote.read(try await ask([statement])[0], limit: Self.pageRecords, at: now())
            // A key that stands twice comes with its highest revision first.
            for record in page.records where seen.insert(record.key.hashValue).inserted {
                let local = try read { () throws(SQLiteError) in try table.get(record.key) }
                if TierDifference.Kind(tier: record, local: local, horizon: horizon) != nil {
                    suspects.append(record.key)
                }
            }
            for (key, _) in page.unreadable where seen.insert(key.hashValue).inserted { suspects.append(key) }
            position = page.next
        } while position != nil
        comparison.compared += seen.count
        return (suspects, seen)
    }

    /// Looks at `suspects` again and again; what differs at the last time is a difference.
    private func judge<Table: LocalTable, Remote: VerifiableTable>(
        _ suspects: [Remote.Record.Key], _ table: Table, _ remote: Remote.Type, _ comparison: inout TierComparison
    ) async throws(VerificationError) where Table.Record == Remote.Record, Remote.Record: VerifiableRecord {
        var suspects = suspects
        for (turn, pause) in pauses.enumerated() where !suspects.isEmpty {
            try? await Task.sleep(for: pause)
            let isLast = turn == pauses.count - 1
            let horizon = now().advanced(by: .zero - Self.tombstonesKeptFor)
            var left: [Remote.Record.Key] = []
            var start = suspects.startIndex
            while start < suspects.endIndex {
                let keys = suspects[start..<min(start + Self.pageRecords, suspects.endIndex)]
                start = keys.endIndex
                let results = try await ask(keys.map(remote.get))
                for (key, result) in zip(keys, results) {
                    let page = remote.read(result, limit: 1, at: now())
                    let local = try read { () throws(SQLiteError) in try table.get(key) }
                    let kind: TierDifference.Kind? =
                        if page.unreadable.isEmpty {
                            .init(tier: page.records.first, local: local, horizon: horizon)
                        } else { .unreadable }
                    guard let kind else { continue }
                    if !isLast {
                        left.append(key)
                        continue
                    }
                    comparison.differenceCount += 1
                    if comparison.differences.count < differencesMax {
                        comparison.differences.append(TierDifference(key: key.cursorText, kind: kind))
                    }
                }
            }
            suspects = left
        }
    }
}

/// A remote table whose records can be asked for one by one.
protocol VerifiableTable: PostgresTable {
    static func get(_ key: Record.Key) -> PostgresStatement
}

extension PostgresConversationTable: VerifiableTable {}
extension PostgresMachineTable: VerifiableTable {}
