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
    /// When held records that the table refused, though it is up, are tried again.
    private var refusals = Breaker()
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
    var held: [Record.Key: Record] { memory.withLock { $0.held } }

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
            if isWriting {
                // SQLite may have undone the transaction by itself.
                table.rollback()
                failed(error.description)
                isWriting = false
            }
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
        var left = operations
        while !left.isEmpty { left = turn(left) }
    }

    /// Does as many of `operations`, from the first on, as can be decided before it is known where the changes before
    /// them are held. Returns the others.
    private func turn(_ operations: [StoreOperation<Table>]) -> [StoreOperation<Table>] {
        var decided: [Decided] = []
        var next = operations.startIndex
        var hasStaged = false
        isWriting = false
        while next < operations.endIndex {
            let operation = operations[next]
            var transaction = StoreTransaction(now: now(), store: self)
            let isGood = operation.decide(&transaction)
            // The disk went away while it was asked, and with it the changes before this one. They are held first.
            if hasStaged, !isWriting { break }
            next += 1
            guard isGood, !transaction.changes.isEmpty else {
                decided.append(Decided(operation, transaction.subject, []))
                continue
            }
            if !isWriting, table != nil, !breaker.isOpen {
                isWriting = attempt { table throws(SQLiteError) in try table.begin() }
            }
            if isWriting {
                switch write(transaction.changes) {
                case .written: break
                case .refused(let error):
                    operation.failed(RPCError(.internalError, error.description))
                    continue
                case .tierTrouble: isWriting = false
                }
            }
            // Later operations of this turn must see this change.
            memory.withLock { memory in transaction.changes.forEach { memory.stage($0) } }
            hasStaged = true
            decided.append(Decided(operation, transaction.subject, transaction.changes))
            // Without the disk a change may be refused for want of room; nothing is decided over it before that is known.
            if !isWriting { break }
        }
        return settle(decided) + operations[next...]
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
    }

    /// Commits, or holds in memory, and answers. Returns what must be decided anew, because it was decided over a change
    /// that is kept nowhere.
    private func settle(_ decided: [Decided]) -> [StoreOperation<Table>] {
        var isWritten = isWriting
        isWriting = false
        if isWritten {
            killPoint("store.before-commit")
            let start = ContinuousClock.now
            isWritten = attempt { table throws(SQLiteError) in try table.commit() }
            lastCommit = ContinuousClock.now - start
            killPoint("store.after-commit")
        }
        for (index, item) in decided.enumerated() {
            let fits = memory.withLock { memory in
                memory.unstage(item.changes)
                guard isWritten else { return memory.hold(item.changes) }
                item.changes.forEach { memory.cache($0) }
                return true
            }
            guard fits else {
                item.operation.failed(
                    RPCError(.unavailable, "the local database is away and the memory tier is full; try again"))
                let later = decided[(index + 1)...]
                memory.withLock { memory in later.forEach { memory.unstage($0.changes) } }
                return later.map(\.operation)
            }
            item.operation.done(item.subject.map(placement) ?? Placement([.sqlite]))
        }
        return []
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
    var retryAt: ContinuousClock.Instant? { [breaker.probeAt, refusals.probeAt].compactMap(\.self).min() }

    /// Tries again what failed, when that is due: opens the file, and writes what only memory holds.
    /// - Returns: whether it was due.
    func retry() -> Bool {
        guard let retryAt, retryAt <= .now else { return false }
        if table == nil {
            do { table = try Table(path: path) } catch {
                failed(error.description)
                return true
            }
        }
        flushHeld()
        return true
    }

    private func flushHeld() {
        let records = held.values.sorted { $0.revision < $1.revision }
        guard let table else { return }
        var (written, refusal) = (records, SQLiteError?.none)
        do throws(SQLiteError) {
            do throws(SQLiteError) { try writeAll(records, table) } catch {
                guard !error.isTierTrouble else { throw error }
                // One record that the table does not take must not keep the others from the disk.
                table.rollback()
                refusal = error
                written = try writeEach(records, table)
            }
        } catch {
            table.rollback()
            failed(error.description)
            return
        }
        memory.withLock { memory in written.forEach { memory.cache($0) } }
        breaker.succeeded()
        if refusal == nil { refusals.succeeded() } else { refusals.failed(at: .now) }
        lastError = refusal?.description
    }

    private func writeAll(_ records: [Record], _ table: Table) throws(SQLiteError) {
        try table.begin()
        try table.makeWay(for: records)
        for record in records { try table.put(record) }
        try table.commit()
    }

    /// Returns the records that the table took.
    private func writeEach(_ records: [Record], _ table: Table) throws(SQLiteError) -> [Record] {
        var taken: [Record] = []
        try table.begin()
        for record in records {
            do throws(SQLiteError) {
                try table.put(record)
                taken.append(record)
            } catch {
                guard !error.isTierTrouble else { throw error }
            }
        }
        try table.commit()
        return taken
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
        // The next flush, which the breaker lets through, has the refused records too.
        refusals.succeeded()
    }

    var isUp: Bool { table != nil && !breaker.isOpen }
}
