import Contracts
import KillPoints
import Synchronization

/// The decisions and the state of one store: what its thread does, an operation batch at a time. Single-threaded.
final class StoreCore<Table: LocalTable> {
    typealias Record = Table.Record

    private let path: String
    private let memory: SharedMemory<Record>
    /// The wall clock, and one that never jumps.
    private let now: @Sendable () -> Timestamp
    private var clock = RevisionClock()
    private(set) var table: Table?
    private var breaker: Breaker
    /// Whether the batch that is being done has a transaction open, so that the table has its changes.
    private var isWriting = false
    private(set) var lastError: String?
    private(set) var lastCommit: Duration?

    init(
        path: String, memory: SharedMemory<Record>, now: @escaping @Sendable () -> Timestamp,
        breaker: Breaker = Breaker()
    ) {
        self.path = path
        self.memory = memory
        self.now = now
        self.breaker = breaker
    }

    // MARK: What a transaction asks

    /// The records that the table does not have.
    var held: [Record.Key: Record] { memory.withLock { isWriting ? $0.held : $0.heldOrStaged } }

    func newest(_ key: Record.Key) throws(RPCError) -> Record? {
        if let record = memory.withLock({ $0.lookUp(key) }) { return record }
        let stored = try ask { table throws(SQLiteError) in try table.get(key) }
        if let stored { memory.withLock { $0.cache(stored) } }
        return stored
    }

    func ask<Answer>(_ question: (Table) throws(SQLiteError) -> Answer) throws(RPCError) -> Answer {
        guard let table else { throw RPCError(.unavailable, "the local database cannot be opened; try again") }
        do { return try question(table) } catch {
            lastError = error.description
            guard error.isTierTrouble else { throw RPCError(.internalError, error.description) }
            throw RPCError(.unavailable, "the local database cannot be read; try again")
        }
    }

    func nextRevision(after stored: Revision, now: Timestamp) -> Revision {
        clock.observed(stored)
        return clock.next(at: now)
    }

    func placement(of key: Record.Key) -> Placement {
        memory.withLock { memory in
            if memory.isHeld(key) { return Placement([.memory]) }
            return Placement(memory.contains(key) ? [.sqlite, .memory] : [.sqlite])
        }
    }

    // MARK: The life of the file

    /// - Throws: when the file must not be used; trouble that may pass is remembered instead, and tried again.
    func open() throws(LocalTableError) {
        do { table = try Table(path: path) } catch {
            guard error.isTierTrouble else { throw error }
            failed(error.description)
        }
    }

    func close() {
        flushHeld()
        table?.checkpoint()
        table = nil
    }

    // MARK: Batches

    /// Does `operations` in their order, with one commit for all, and answers each.
    func perform(_ operations: [StoreOperation<Table>]) {
        var decided: [Decided] = []
        isWriting = false
        for operation in operations {
            var transaction = StoreTransaction(now: now(), store: self)
            guard operation.decide(&transaction) else {
                decided.append(Decided(operation, transaction.subject, []))
                continue
            }
            if !transaction.changes.isEmpty, table != nil, !breaker.isOpen, !isWriting {
                isWriting = attempt { table throws(SQLiteError) in try table.begin() }
            }
            if isWriting, !transaction.changes.isEmpty {
                switch write(transaction.changes) {
                case .written: break
                case .refused(let error):
                    operation.failed(RPCError(.internalError, error.description))
                    continue
                case .tierTrouble: isWriting = false
                }
            }
            // Later operations of this batch must see this change, wherever it will be held.
            memory.withLock { memory in transaction.changes.forEach { memory.stage($0) } }
            decided.append(Decided(operation, transaction.subject, transaction.changes))
        }
        settle(decided)
    }

    private struct Decided {
        var operation: StoreOperation<Table>
        var subject: Record.Key?
        var changes: [Record]

        init(_ operation: StoreOperation<Table>, _ subject: Record.Key?, _ changes: [Record]) {
            self.operation = operation
            self.subject = subject
            self.changes = changes
        }

        /// What this is about.
        var keys: [Record.Key] { changes.map(\.key) + (subject.map { [$0] } ?? []) }
    }

    private func settle(_ decided: [Decided]) {
        var isWritten = isWriting
        isWriting = false
        if isWritten {
            killPoint("store.before-commit")
            let start = ContinuousClock.now
            isWritten = attempt { table throws(SQLiteError) in try table.commit() }
            lastCommit = ContinuousClock.now - start
            killPoint("store.after-commit")
        }
        // Keys with a change that is kept nowhere. What was decided later in this batch was decided over that change.
        var lost: Set<Record.Key> = []
        for item in decided {
            let fits = memory.withLock { memory in
                memory.unstage(item.changes)
                if isWritten {
                    item.changes.forEach { memory.cache($0) }
                    return true
                }
                if item.keys.contains(where: lost.contains) { return false }
                return item.changes.allSatisfy { memory.hold($0) }
            }
            guard fits else {
                lost.formUnion(item.changes.map(\.key))
                item.operation.failed(
                    RPCError(.unavailable, "the local database is away and the memory tier is full; try again"))
                continue
            }
            item.operation.done(item.subject.map(placement) ?? Placement([.sqlite]))
        }
    }

    private enum WriteOutcome { case written, refused(SQLiteError), tierTrouble }

    /// Puts one operation's changes into the open transaction, all or none.
    private func write(_ changes: [Record]) -> WriteOutcome {
        guard let table else { return .tierTrouble }
        do {
            if changes.count > 1 { try table.savepoint() }
            for change in changes { try table.put(change) }
            return .written
        } catch {
            lastError = error.description
            if error.isTierTrouble {
                table.rollback()
                failed(error.description)
                return .tierTrouble
            }
            if changes.count > 1 { try? table.rollbackToSavepoint() }
            return .refused(error)
        }
    }

    // MARK: Trouble, and its end

    /// When the thread should call `retry`, if nothing else happens before.
    var retryAt: ContinuousClock.Instant? { breaker.probeAt }

    /// Tries again what failed: opens the file, and writes what only memory holds.
    func retry() {
        guard let probeAt = breaker.probeAt, probeAt <= .now else { return }
        if table == nil {
            do { table = try Table(path: path) } catch {
                failed(error.description)
                return
            }
        }
        flushHeld()
    }

    private func flushHeld() {
        let records = held.values.sorted { $0.revision < $1.revision }
        guard let table else { return }
        do throws(SQLiteError) {
            try table.begin()
            for record in records { try table.put(record) }
            try table.commit()
        } catch {
            table.rollback()
            failed(error.description)
            return
        }
        memory.withLock { memory in records.forEach { memory.cache($0) } }
        breaker.succeeded()
        lastError = nil
    }

    /// - Returns: whether `body` was done. If not, the tier is away from now on.
    private func attempt(_ body: (Table) throws(SQLiteError) -> Void) -> Bool {
        guard let table else { return false }
        do {
            try body(table)
            return true
        } catch {
            table.rollback()
            failed(error.description)
            return false
        }
    }

    private func failed(_ reason: String) {
        lastError = reason
        breaker.failed(at: .now)
    }

    var isUp: Bool { table != nil && !breaker.isOpen }
}
