package import Contracts
import DequeModule
import KillPoints

/// The decisions and the state of one store, which its thread drives. Single-threaded. Its clocks, its disk and its
/// remote tiers are passed in, so that a simulation runs this same code.
package final class StoreCore<Table: LocalTable> {
    package typealias Record = Table.Record
    typealias Key = Record.Key

    let path: String
    let memory: SharedMemory<Record>
    let time: StoreTime
    let policy: TierPolicy
    let journal: (any MemoryJournal<Record>)?
    /// Called repeatedly while the start takes time.
    let progressed: (StartStep) -> Void
    private var clock: RevisionClock
    var clockWatch: ClockWatch

    // The disk
    var table: Table? {
        didSet {
            log.fileChanged()
            holdersChanged()
        }
    }
    var breaker: Breaker
    /// When records in memory that the working table refused are tried again.
    var refusals: Breaker
    /// Whether the current batch has an open transaction, so that the table has its changes.
    var isWriting = false
    /// Whether rows of another program are being imported.
    var isTakingIn = false
    /// Whether the file is broken and must be replaced by a new one.
    var isBroken = false
    var lastError: String?
    var lastCommit: Duration?
    var log = LogKeeper()
    /// The incidents of the disk; nil when they must be read.
    var incidents: StoreIncidents?
    /// Whether the records that the spill file had at the start are in memory.
    var isJournalRestored = false
    /// When the book's debts are written down, unless another commit does so before.
    var bookkeepingAt: ContinuousClock.Instant?
    /// The notes of debts and the tiers' progress in the open transaction, or in one that failed.
    var notesUnderWay: [Debt<Key>] = []
    var tiersUnderWay: [Int] = []
    /// Tiers whose debts were forsaken, and that notes on the disk may still name.
    var debtsToStrike: TierSet = []

    // The remote tiers, best first
    var tiers: [RemoteTier<Record>]
    var waiters: [Int: Waiter] = [:]
    /// Waiters in the order of their deadlines.
    var waiting: Deque<(ticket: Int, deadline: ContinuousClock.Instant)> = []
    var ticketsIssued = 0
    var requestsIssued = 0
    /// The highest connection number of the tiers that were let go or got another port.
    var linksEnded = 0
    /// While this is set, the store decides nothing, because the tiers may know more: see `awaitTiersIfNeeded`. The
    /// wait ends at this time at the latest, or when the reading that is under way then has ended.
    var bootstrapUntil: ContinuousClock.Instant?
    /// When this store was last used from outside.
    var lastUseAt: ContinuousClock.Instant?
    /// When the tiers are read again after the start, and whether from the first row.
    var secondLook: (moment: ContinuousClock.Instant, isAll: Bool)?
    /// Newer records of the tiers that cannot be imported yet, because another record here stands in their way.
    var deferred: [Key: Record] = [:]
    /// The number of a tier's rows that are merged in one pass.
    var mergedAtOnce: PieceSize
    /// When the import of `deferred` is tried again.
    var settleAt: ContinuousClock.Instant?
    var random: any RandomNumberGenerator
    package internal(set) var counters: [String: Int64] = [:]

    struct Waiter {
        let operation: StoreOperation<Table>
        let subject: Key?
        /// The subject's revision after the operation.
        let revision: Revision?
        /// The number of changes that the tier has neither confirmed nor refused.
        var left: Int
        var confirmed: TierSet = []
    }

    package init(
        path: String, memory: SharedMemory<Record>, time: StoreTime, policy: TierPolicy = TierPolicy(),
        ports: [(name: TierName, port: any TierPort<Record>)] = [], journal: (any MemoryJournal<Record>)? = nil,
        random: any RandomNumberGenerator = SystemRandomNumberGenerator(), clock: RevisionClock = RevisionClock(),
        progressed: @escaping (StartStep) -> Void = { _ in }
    ) {
        self.path = path
        self.memory = memory
        self.time = time
        clockWatch = ClockWatch(wall: time.wall(), steady: time.steady(), patience: policy.clockPatience)
        self.policy = policy
        mergedAtOnce = PieceSize(50, in: policy.mergedRecords)
        self.journal = journal
        self.progressed = progressed
        self.random = random
        self.clock = clock
        breaker = Breaker(random: random)
        refusals = Breaker(random: random)
        tiers = ports.sorted { $0.name < $1.name }.map { RemoteTier(name: $0.name, port: $0.port, random: random) }
    }

    // MARK: Queries of a transaction

    /// The records that the table does not have.
    var held: [Key: Record] { memory.withLock { $0.held } }

    func newest(_ key: Key) throws(RPCError) -> Record? {
        if let record = memory.withLock({ $0.lookUp(key) }) { return record }
        let stored = try ask { table throws(SQLiteError) in try table.get(key) }
        if let stored { memory.withLock { $0.cache(stored) } }
        return stored
    }

    /// - Throws: `unavailable` when a tier has, or may well have, a newer revision than `known` that is not merged yet.
    ///
    /// - Parameter isReading: whether the caller only reads. Then a record may be shown until it is removed.
    func requireNoNewer(_ key: Key, than known: Record?, isReading: Bool) throws(RPCError) {
        if let waiting = deferred[key], waiting.revision > known?.revision ?? .none {
            throw RPCError(.unavailable, "a newer revision of this is being taken in from another tier; try again")
        }
        if !isReading, known.map({ !$0.isTombstone }) ?? false, isToldGone(key) {
            throw RPCError(.unavailable, "another tier is being read, and has a newer revision of this; try again")
        }
        // Nothing can be imported before the file was opened, so records of the spill file may be outdated.
        if table == nil, tiers.contains(where: { !$0.isPulled && !$0.isAway }) {
            throw RPCError(.unavailable, "the local database cannot be opened; try again")
        }
    }

    func ask<Answer>(_ question: (Table) throws(SQLiteError) -> Answer) throws(RPCError) -> Answer {
        guard let table else { throw RPCError(.unavailable, "the local database cannot be opened; try again") }
        do { return try question(table) } catch {
            lastError = error.description
            guard error.isTierTrouble else { throw RPCError(.internalError, error.description) }
            if isWriting || error.isCorruption {
                // SQLite may have undone the transaction by itself.
                table.rollback()
                failed(error)
                isWriting = false
            }
            throw RPCError(.unavailable, "the local database cannot be read; try again")
        }
    }

    /// The next revision is per key: a row with a time in the future must not advance the clock of all other keys.
    ///
    /// If the wall clock was set back, an earlier process may already have given the next revision to a change that one
    /// tier has and this disk lacks. So this is not the very next one, and no two are equal. It must also lie outside
    /// the range of ``revision(shortlyAfter:)`` in any process: a person's decision is above what a store makes of the
    /// same record.
    func nextRevision(after stored: Revision, now: Timestamp) -> Revision {
        let next = clock.next(at: now)
        if next > stored.following(steps: Self.shortSteps) { return next }
        let steps = next > stored ? Self.shortSteps...Self.shortSteps * 2 : Self.shortSteps...0xFFFF
        return stored.following(steps: .random(in: steps, using: &random) + 1, host: clock.host)
    }

    /// The most steps of a store's own change above a revision: less than a millisecond.
    private static var shortSteps: Int64 { 0x3FF }

    /// A revision less than a millisecond above `stored`.
    func revision(shortlyAfter stored: Revision) -> Revision {
        stored.following(steps: .random(in: 1...Self.shortSteps, using: &random), host: clock.host)
    }

    /// Drops memory's copies of `keys`, because the disk has other content now.
    func forgetCopies(of keys: [Key]) { memory.withLock { $0.forgetCopies(of: keys) } }

    func placement(of key: Key) -> Placement { memory.withLock { $0.placement(of: key) } }

    /// Performs `operations` in order, with one commit for all, and responds to each.
    package func perform(_ operations: [StoreOperation<Table>]) {
        if operations.contains(where: { $0.isLive && $0.isUse }) { lastUseAt = time.instant() }
        takeInForeignRows()
        var left = operations
        while !left.isEmpty { left = turn(left) }
        pumpAll()
    }

    // MARK: Time

    /// When to call `tick`, unless another event comes first.
    package var wakeAt: ContinuousClock.Instant? {
        var first = FirstMoment()
        first.or(breaker.probeAt)
        first.or(refusals.probeAt)
        first.or(bookkeepingAt)
        if isDiskUp { first.or(log.retryAt) }
        first.or(bootstrapUntil)
        first.or(settleAt)
        if toldTier != nil { first.or(time.instant()) }
        first.or(secondLook?.moment)
        first.or(waiting.first?.deadline)
        for index in tiers.indices { first.or(tierWakeAt(index)) }
        return first.moment
    }

    /// Performs the due work.
    package func tick() {
        let now = time.instant()
        _ = readWallClock()
        if breaker.probeAt.map({ $0 <= now }) ?? false || refusals.probeAt.map({ $0 <= now }) ?? false { retryDisk() }
        if let bookkeepingAt, bookkeepingAt <= now { writeBookDown() }
        giveUpWaiting(at: now)
        lookAgainIfDue(at: now)
        for index in tiers.indices { endOverdueRequests(index, at: now) }
        if let index = toldTier { mergePiece(index) }
        pumpAll()
        endBootstrapIfDue(at: now)
        settleDeferredIfDue(at: now)
    }

    /// Whether nothing is under way and nothing is left to write down.
    package var isAtRest: Bool {
        memory.withLock { $0.book.unwritten.isEmpty } && debtsToStrike.isEmpty && deferred.isEmpty && secondLook == nil
            && tiers.allSatisfy {
                $0.requests.isEmpty && $0.isPulled && $0.knowledge.isNoted && $0.removals.count == 0
            }
    }

    /// Whether operations may be decided.
    package var isServing: Bool { bootstrapUntil == nil }
}
