public import Contracts

/// The result of comparing one store on disk with one remote tier.
public struct TierComparison: Sendable, Equatable {
    /// The number of keys that either of them has.
    public var compared = 0
    public var differenceCount = 0
    /// The first of the differences.
    public var differences: [TierDifference] = []

    public init() {}
}

/// Why two tiers could not be compared.
public enum VerificationError: Error, Sendable {
    case local(LocalTableError)
    case tier(PostgresError)
    /// The tier lacks these migrations.
    case tierIsOlder(missing: [Int64])
    case tierIsNewer(PostgresMigrationError)
}

/// Compares the records on the disk and in a remote tier, key by key, while a service uses both. Changes nothing.
///
/// The tier's rows are read in the tier's order, and each is looked up on the disk. Only a hash of each seen key is
/// kept. Then the disk's keys are read, and the keys that were not seen are those that the tier lacks. (Among a million
/// keys, one that the tier lacks is missed with a probability of 1 to 10¹³.) So memory is bounded by 24 bytes for each
/// key, and a database's collation does not matter.
public struct TierVerifier: Sendable {
    /// Differences are checked again after each of these pauses, since a change may have been on its way.
    public static let pauses: [Duration] = [.milliseconds(500), .seconds(1), .seconds(2)]
    /// How long a deleted record is kept; see ``ConversationStore`` and ``MachineStore``.
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
    ///   - path: the database file of the store.
    ///   - differencesMax: the most differences to list; all are counted.
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

    /// Returns a result instead of throwing, so that the call can stand in a tuple. In `(x, .success(try await f()))`,
    /// where the error of `f` has a type, the optimizer of Swift 6.3.1 loses `x`: a release build reported only one of
    /// the two stores.
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

    /// - Returns: the keys whose record in the tier differs from the disk, and the hashes of all keys that the tier
    ///   has.
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
            // A key with two rows comes with its highest revision first.
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

    /// Checks `suspects` again after each pause. A key that still differs the last time is a difference.
    private func judge<Table: LocalTable, Remote: VerifiableTable>(
        _ suspects: [Remote.Record.Key], _ table: Table, _ remote: Remote.Type, _ comparison: inout TierComparison
    ) async throws(VerificationError) where Table.Record == Remote.Record, Remote.Record: VerifiableRecord {
        var suspects = suspects
        for (round, pause) in pauses.enumerated() where !suspects.isEmpty {
            try? await Task.sleep(for: pause)
            let isLast = round == pauses.count - 1
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

/// A remote table whose records can be read one by one.
protocol VerifiableTable: PostgresTable {
    static func get(_ key: Record.Key) -> PostgresStatement
}

extension PostgresConversationTable: VerifiableTable {}
extension PostgresMachineTable: VerifiableTable {}
