import Contracts
import Synchronization

/// A PostgreSQL database as a remote tier: one connection at a time.
///
/// Thread rule: called from the store's thread; reports from any thread.
final class PostgresTier<Table: PostgresTable>: TierPort, Sendable {
    typealias Record = Table.Record
    typealias Report = @Sendable (_ link: Int, TierEvent<Record>) -> Void

    /// A sleeping database may need a while to wake up. It is slow then, not down.
    static var connectDeadline: Duration { .seconds(15) }
    /// The core has shorter deadlines and ends the connection by itself. These end the connection's thread.
    private static var requestDeadline: Duration { .seconds(15) }
    private static var lateMigrationDeadline: Duration { .seconds(600) }

    private let target: PostgresTarget
    let now: @Sendable () -> Timestamp
    /// How long a statement waits for a row that another transaction has locked.
    let lockPatience: Duration
    private let report: Report
    private let visits: StoreVisits
    /// The connection in use, or the link that is being made.
    private let current = Mutex<(link: Int, connection: PostgresConnection?)>((0, nil))

    /// - Parameters:
    ///   - identity: the identity that is left with the visits.
    ///   - now: the store's wall clock, for rows that do not say when they were changed.
    ///   - lockPatience: at most half a second, so that one locked row does not delay the requests behind it.
    init(
        _ target: PostgresTarget, identity: StoreIdentity = StoreIdentity(), now: @escaping @Sendable () -> Timestamp,
        lockPatience: Duration = .milliseconds(500), report: @escaping Report
    ) {
        self.target = target
        visits = StoreVisits(store: Table.store, identity: identity)
        self.now = now
        self.lockPatience = min(lockPatience, .milliseconds(500))
        self.report = report
    }

    // MARK: Contact

    func connect(link: Int, mark: Int64) {
        current.withLock { $0 = (link, nil) }
        let report = report
        let opening = PostgresConnection.open(target, deadline: Self.connectDeadline) { error in
            report(link, .lost(reason: error.description))
        }
        // Ends by itself: every wait in it has a deadline.
        Task {
            switch await opening.value {
            case .failure(let error): report(link, .lost(reason: error.description))
            case .success(let connection): await greet(connection, link, mark)
            }
        }
    }

    /// Updates the schema, reads the tier's mark and visit, and starts to use the connection.
    private func greet(_ connection: PostgresConnection, _ link: Int, _ mark: Int64) async {
        do {
            try await DatabaseEncoding.requireUTF8(connection, deadline: Self.requestDeadline)
            _ = try await PostgresMigrator(store: Table.store, deadline: Self.lateMigrationDeadline).migrate(connection)
            // The last statement only checks that the table exists.
            let result = try await connection.submit(
                [
                    visits.leave(mark), visits.read(),
                    Table.page(after: nil, newerThan: .none, limit: 0),
                ], deadline: Self.requestDeadline
            ).value.get()
            let contact: TierContact
            switch StoreVisits.finding(result[1]) {
            case .contact(let found): contact = found
            case .missing: throw StoreVisits.missing
            case .taken: throw StoreVisits.hostNumberTaken
            }
            await connection.prepare(Table.repeated + [LockPatience.sql], deadline: Self.requestDeadline)
            let isWanted = current.withLock { current in
                guard current.link == link else { return false }
                current.connection = connection
                return true
            }
            if isWanted {
                report(link, .connected(contact))
            } else {
                connection.close()
            }
        } catch {
            connection.close()
            report(link, .lost(reason: "\(error)"))
        }
    }

    func disconnect(link: Int) { takeConnection(link)?.close() }

    func giveUp(link: Int) { takeConnection(link)?.giveUp() }

    private func takeConnection(_ link: Int) -> PostgresConnection? {
        current.withLock { current in
            guard current.link <= link else { return nil }
            defer { current = (link + 1, nil) }
            return current.connection
        }
    }

    func letGo(link: Int, done: @escaping @Sendable () -> Void) {
        guard let connection = current.withLock({ $0.link == link ? $0.connection : nil }) else { return done() }
        connection.submit([visits.letGo()], deadline: Self.requestDeadline) { _ in done() }
    }

    // MARK: Requests

    func readPage(after key: Record.Key?, newerThan revision: Revision, limit: Int, link: Int, request: Int) {
        guard limit > 0 else { return readKey(after: key, newerThan: revision, link, request) }
        let page = Table.page(after: key, newerThan: revision, limit: limit)
        submit([page], link, request, isReading: true) { [self] outcome in
            switch outcome {
            case .success(let results):
                return .page(Table.read(results[0], limit: limit, at: now()).tierPage)
            case .failure(let error): return .refused(refusal(error))
            }
        }
    }

    private func readKey(after key: Record.Key?, newerThan revision: Revision, _ link: Int, _ request: Int) {
        let first = Table.firstKey(after: key, newerThan: revision)
        submit([first], link, request, isReading: true) { [self] outcome in
            switch outcome {
            case .success(let results): return .page(TierPage(rows: [], next: results[0].rows.first.map(Table.key)))
            case .failure(let error): return .refused(refusal(error))
            }
        }
    }

    func findRival(of record: Record, link: Int, request: Int) {
        guard let statement = Table.rival(of: record) else {
            return report(link, .answered(request: request, .rival(nil)))
        }
        submit([statement], link, request) { [self] outcome in
            switch outcome {
            case .success(let results): return .rival(Table.read(results[0], limit: 1, at: now()).records.first)
            case .failure(let error): return .refused(refusal(error))
            }
        }
    }

    func touch(visit: Int64, next: Int64, link: Int, request: Int) {
        let batch = [visits.touch(visit, next), visits.read()]
        submit(batch, link, request) { [self] outcome in
            switch outcome {
            case .success(let results):
                let finding = StoreVisits.finding(results[1])
                if case .contact(let contact) = finding { return .touched(contact) }
                disconnect(link: link)
                let reason = finding == .taken ? StoreVisits.hostNumberTaken : StoreVisits.missing
                report(link, .lost(reason: reason.description))
                return nil
            case .failure(let error): return .refused(refusal(error))
            }
        }
    }

    func prune(before moment: Timestamp, limit: Int, link: Int, request: Int) {
        submit([Table.prune(before: moment, limit: limit)], link, request) { [self] outcome in
            switch outcome {
            case .success(let results): return .pruned(results[0].affectedRows)
            case .failure(let error): return .refused(refusal(error))
            }
        }
    }

    // MARK: Responses

    /// Runs `batch` as one transaction in which no statement waits for a lock longer than `patience`.
    ///
    /// - Parameters:
    ///   - patience: nil: `lockPatience`.
    ///   - isReading: whether this is a read, in which a fault of one row is no fault of the tier.
    ///   - answer: returns nil when it has made another request instead. Statement positions are those in `batch`.
    func submit(
        _ batch: [PostgresStatement], patience: Duration? = nil, _ link: Int, _ request: Int, isReading: Bool = false,
        _ answer: @escaping @Sendable (PostgresConnection.Outcome) -> TierAnswer<Record>?
    ) {
        let report = report
        guard let connection = current.withLock({ $0.link == link ? $0.connection : nil }) else {
            return report(link, .lost(reason: "the connection was closed"))
        }
        let whole = [LockPatience.statement(patience ?? lockPatience)] + batch
        connection.submit(whole, deadline: Self.requestDeadline) { outcome in
            let outcome = LockPatience.leftOut(of: outcome)
            if case .failure(let error) = outcome, error.endsContact, !(isReading && error.isOfARow) {
                // The tier accepts no writes, or the connection cannot be used any more.
                connection.close()
                return report(link, .lost(reason: error.description))
            }
            if let answer = answer(outcome) { report(link, .answered(request: request, answer)) }
        }
    }

    /// - Parameter index: the position of the refused record, if known.
    func refusal(_ error: PostgresError, index: Int? = nil) -> TierRefusal {
        let kind: TierRefusal.Kind =
            switch error.failure {
            case .retry: error.sqlState?.code == "55P03" ? .locked : .transient
            case .conflict, .bug, .reconnect, .unusable: Table.refusal(error)
            }
        return TierRefusal(kind, index: kind == .transient ? nil : index, reason: error.description)
    }
}

extension PostgresError {
    /// Whether the connection has ended or should end.
    fileprivate var endsContact: Bool {
        switch failure {
        case .reconnect, .unusable: true
        case .retry, .conflict, .bug: outcome == .outcomeUnknown
        }
    }

    /// Whether a single row may have made a read fail: it is damaged, or its text does not fit into memory.
    fileprivate var isOfARow: Bool {
        guard outcome == .refused, let sqlState else { return false }
        return ["XX001", "XX002", "53200"].contains(sqlState.code)
    }
}

/// The bound of each wait for a lock. It applies to one transaction, so a pooler passes none of our settings to other
/// clients.
enum LockPatience {
    static let sql = "SELECT set_config('lock_timeout', $1, true)"

    static func statement(_ patience: Duration) -> PostgresStatement {
        // Zero would be no bound.
        PostgresStatement(sql, ["\(max(1, patience.milliseconds))ms"])
    }

    /// The outcome of a batch that began with `statement`, with that statement removed.
    static func leftOut(of outcome: PostgresConnection.Outcome) -> PostgresConnection.Outcome {
        switch outcome {
        case .success(let results): return .success(Array(results.dropFirst()))
        case .failure(var error):
            error.statement = error.statement.map { $0 - 1 }
            return .failure(error)
        }
    }
}
