public import Contracts
import Dispatch
import Glibc
import KillPoints
import Synchronization
import Threads

/// The result of an operation, and the tiers that have its changes.
public struct Stored<Output: Sendable>: Sendable {
    public var output: Output
    public var placement: Placement
}

/// The records of one kind, stored in tiers: memory, SQLite on local disk, and remote databases.
///
/// Every operation is decided on the store's thread, in the order of `submit`. All operations that wait at the same
/// time share one commit, and go to the first healthy remote tier at the same time. When the result of an operation
/// arrives, its changes survive power loss (`placement.isDurable`), or, if no durable tier accepts them, are in memory
/// only until one does.
public final class TieredStore<Table: LocalTable>: Sendable {
    public typealias Record = Table.Record
    public typealias Outcome<Output: Sendable> = Result<Stored<Output>, RPCError>

    /// The most operations that share one commit.
    public static var batchMax: Int { 512 }

    private struct Queue: ~Copyable {
        /// SAFETY of the sending: only this queue refers to an operation, until the store's thread takes it out.
        var operations: [Submitted] = []
        var events: [Event] = []
        var isClosed = false
    }

    /// Events without a decision: reports of the remote tiers, and requests to the core itself.
    private enum Event: Sendable {
        case tier(TierName, link: Int, TierEvent<Record>)
        case reconcile
        case pruneTiers(before: Timestamp)
        case pulse(Promise<Void>)
        case acknowledge(Promise<Result<[StoreIncident], RPCError>>)
        case decide(RemovalDecision, for: TierName, Promise<Result<Int, RPCError>>)
        case changeTiers(keeping: Set<TierName>, MakePorts, Promise<Bool>)
    }

    private struct Submitted: @unchecked Sendable {
        // SAFETY: made in `submit`, read by the thread that takes it out of the queue, and used nowhere in between; its
        // closures are made from Sendable parts. Tested by `StoreTests.Many submitters: share commits` under
        // ThreadSanitizer, which does not know Mutex: its reports with `withLock` on both sides are false.
        let operation: StoreOperation<Table>
        let key: Record.Key?
    }

    /// How long the end waits until the tiers know of it.
    private static var letGoSeconds: Double { 1 }

    private let path: String
    private let queue = Mutex(Queue())
    private let work = DispatchSemaphore(value: 0)
    private let memory: SharedMemory<Record>
    /// `isUp` is true until the thread publishes a status, so that the start causes no event.
    private let status = Mutex(StoreStatus(isUp: true))
    private let now: @Sendable () -> Timestamp
    private let steady: @Sendable () -> ContinuousClock.Instant
    private let happened: @Sendable (StoreEvent) -> Void
    private let progressed: @Sendable (StartStep) -> Void
    private let finished = Promise<Void>()
    private let turns = LatencyHistogram()

    package typealias MakePorts =
        @Sendable (
            _ report: @escaping @Sendable (TierName, Int, TierEvent<Record>) -> Void
        ) -> [(name: TierName, port: any TierPort<Record>)]

    /// Opens the file at `path` on its own thread, and updates the schema. If the file is empty, the remote tiers are
    /// read first; this waits for them for up to ten seconds.
    ///
    /// - Parameters:
    ///   - memoryLimit: the bound of the memory tier, in bytes.
    ///   - steady: the monotonic clock by which the wall clock `now` is judged.
    ///   - journalPath: the path of the spill file, which lists the records in memory only, so that they outlive the
    ///     process; nil: none.
    ///   - happened: called on the store's thread with each event that an operator should read in the log. Must not
    ///     block.
    ///   - progressed: called repeatedly on the store's thread while the start takes time. Must not block.
    ///   - makePorts: makes the remote tiers, which report to the given closure.
    /// - Throws: when the file must not be used, for example because a later version of Rivet wrote it. A full or
    ///   failing disk is no error: then the store is degraded, and retries.
    package init(
        path: String, memoryLimit: Int, now: @escaping @Sendable () -> Timestamp,
        steady: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, policy: TierPolicy = TierPolicy(),
        journalPath: String? = nil, happened: @escaping @Sendable (StoreEvent) -> Void = { _ in },
        progressed: @escaping @Sendable (StartStep) -> Void = { _ in }, makePorts: @escaping MakePorts = { _ in [] }
    ) async throws(LocalTableError) {
        self.path = path
        memory = SharedMemory(limit: memoryLimit)
        self.now = now
        self.steady = steady
        self.happened = happened
        self.progressed = progressed
        let opened = Promise<Result<Void, LocalTableError>>()
        do throws(ThreadError) {
            try NamedThread.start("store") { [self] in run(path, policy, journalPath, makePorts, opened) }
        } catch { throw .noThread(error) }
        try await opened.value.get()
    }

    /// Runs `decide` on the store's thread, after everything that was submitted before.
    ///
    /// - Parameters:
    ///   - key: the key that it changes, if `cached` may be called with that key.
    ///   - isUse: whether it comes from a caller, and not from a timer.
    public func submit<Output: Sendable>(
        touching key: Record.Key? = nil, isUse: Bool = true,
        _ decide: @escaping @Sendable (inout StoreTransaction<Table>) throws(RPCError) -> Output
    ) -> Promise<Outcome<Output>> {
        let promise = Promise<Outcome<Output>>()
        var decision: Result<Output, RPCError>?
        let operation = StoreOperation<Table>(
            isUse: isUse,
            decide: { transaction in
                do throws(RPCError) {
                    decision = .success(try decide(&transaction))
                    return true
                } catch {
                    decision = .failure(error)
                    return false
                }
            },
            done: { placement in
                switch decision {
                case .success(let output): promise.fulfill(.success(Stored(output: output, placement: placement)))
                case .failure(let error): promise.fulfill(.failure(error))
                case nil: preconditionFailure("an operation is done after it was decided")
                }
            },
            failed: { promise.fulfill(.failure($0)) })
        if let key { memory.withLock { $0.began(key) } }
        let (isClosed, wasEmpty) = queue.withLock { queue in
            // Operations and events wake the thread separately: while the store waits for its tiers, operations stay in
            // the queue and events do not.
            let wasEmpty = queue.operations.isEmpty
            if !queue.isClosed { queue.operations.append(Submitted(operation: operation, key: key)) }
            return (queue.isClosed, wasEmpty)
        }
        if isClosed {
            promise.fulfill(.failure(RPCError(.unavailable, "the service is stopping; try again")))
        } else if wasEmpty {
            work.signal()
        }
        return promise
    }

    /// The newest revision of `key`, if it is in memory and no operation on it is under way. Returns at once.
    public func cached(_ key: Record.Key) -> (record: Record, placement: Placement)? {
        memory.withLock { memory in
            memory.isUsed = true
            guard !memory.isUnderWay(key), let record = memory.lookUp(key) else { return nil }
            return (record, memory.placement(of: key))
        }
    }

    /// The current status of the store.
    public var currentStatus: StoreStatus {
        var current = status.withLock { $0 }
        var file = stat()
        // Read here and not by the thread, so that only a caller that wants the status pays for it. Without a log file
        // its size is zero.
        if stat(path + "-wal", &file) == 0 { current.logBytes = Int64(file.st_size) }
        current.turns = turns.counted
        return current
    }

    /// Records that an operator knows about the incidents of the store.
    ///
    /// - Returns: the acknowledged incidents; `unavailable` when the disk is unavailable, and then nothing is changed.
    public func acknowledge() async -> Result<[StoreIncident], RPCError> {
        let done = Promise<Result<[StoreIncident], RPCError>>()
        post(.acknowledge(done))
        return await done.value
    }

    /// Carries out an operator's decision on removals that this store deferred. Returns at once.
    ///
    /// - Returns: the number of those removals; `invalidArgument` for a tier that the store does not have.
    public func decide(_ decision: RemovalDecision, for tier: TierName) async -> Result<Int, RPCError> {
        let done = Promise<Result<Int, RPCError>>()
        post(.decide(decision, for: tier, done))
        return await done.value
    }

    /// Performs the submitted operations, writes the log into the file, and ends the thread. Later operations are
    /// `unavailable`.
    public func close() async {
        let wasClosed = queue.withLock { queue in
            let wasClosed = queue.isClosed
            queue.isClosed = true
            return wasClosed
        }
        guard !wasClosed else { return }
        work.signal()
        await finished.value
    }

    /// Compares all rows of every remote tier with ours, and sends each tier what it may lack. Returns at once.
    public func reconcile() { post(.reconcile) }

    /// Makes every remote tier empty tombstones made before `moment`. Returns at once.
    public func pruneTiers(before moment: Timestamp) { post(.pruneTiers(before: moment)) }

    /// Continues with other remote tiers. Those in `kept` stay as they are; those that `makePorts` makes are new or
    /// replace one of the same name; all others are dropped. No call is lost, and no debt of a tier that stays.
    ///
    /// - Returns: `unavailable` when the disk is unavailable; then nothing is changed.
    package func changeTiers(keeping kept: Set<TierName>, _ makePorts: @escaping MakePorts) async -> Result<
        Void, RPCError
    > {
        let done = Promise<Bool>()
        post(.changeTiers(keeping: kept, makePorts, done))
        guard await done.value else {
            return .failure(
                RPCError(.unavailable, "the local database is away; no tier can be changed until it is back"))
        }
        return .success(())
    }

    /// Returns when the store's thread reaches it, so not while that thread is stuck. An unavailable tier does not
    /// delay it.
    public func pulse() async {
        let felt = Promise<Void>()
        post(.pulse(felt))
        await felt.value
    }

    private func post(_ event: Event) {
        let wasEmpty = queue.withLock { queue in
            defer { queue.events.append(event) }
            return queue.events.isEmpty
        }
        if wasEmpty { work.signal() }
    }

    // MARK: The thread

    private func run(
        _ path: String, _ policy: TierPolicy, _ journalPath: String?, _ makePorts: MakePorts,
        _ opened: Promise<Result<Void, LocalTableError>>
    ) {
        let ports = makePorts(report)
        let core = StoreCore<Table>(
            path: path, memory: memory, time: StoreTime(wall: now, steady: steady), policy: policy, ports: ports,
            journal: journalPath.map { FileJournal<Record>(path: $0) { progressed(.replaying) } },
            clock: RevisionClock(host: policy.host), progressed: progressed)
        do throws(LocalTableError) { try core.open() } catch {
            opened.fulfill(.failure(error))
            return
        }
        publish(core)
        let answers = Answers()
        var isOpened = false
        while true {
            if core.isServing, !isOpened {
                isOpened = true
                opened.fulfill(.success(()))
            }
            wait(until: core.wakeAt, isServing: core.isServing)
            let (batch, events, isClosed) = take(isServing: core.isServing)
            let start = ContinuousClock.now
            stallPoint("store.turn")
            for event in events { handle(event, core, answers) }
            if !batch.isEmpty { perform(batch, core, answers) }
            if let moment = core.wakeAt, moment <= .now { core.tick() }
            if !core.isServing, !events.isEmpty { progressed(.readingTiers) }
            // Publish first: a caller with a result that is in memory only must then read a status that says so.
            publish(core)
            answers.give()
            if core.tendLog() { publish(core) }
            if isOpened { turns.record(.now - start) }
            if isClosed, batch.isEmpty { break }
        }
        if !isOpened { opened.fulfill(.success(())) }
        let known = DispatchSemaphore(value: 0)
        let count = core.tiers.count
        core.close { known.signal() }
        let deadline = DispatchTime.now() + Self.letGoSeconds
        for _ in 0..<count where known.wait(timeout: deadline) == .timedOut { break }
        answers.give()
        finished.fulfill(())
    }

    /// Captures self weakly: the last reports come from threads that outlive the store.
    private var report: @Sendable (TierName, Int, TierEvent<Record>) -> Void {
        { [weak self] name, link, event in self?.post(.tier(name, link: link, event)) }
    }

    private func handle(_ event: Event, _ core: StoreCore<Table>, _ answers: Answers) {
        switch event {
        case .tier(let name, let link, let event): core.received(event, from: name, link: link)
        case .reconcile: core.reconcile()
        case .pruneTiers(let moment): core.pruneTiers(before: moment)
        case .pulse(let felt):
            core.noteCalls()
            core.takeInForeignRows()
            felt.fulfill(())
        case .acknowledge(let done):
            let outcome = core.acknowledge()
            answers.waiting.append { done.fulfill(outcome) }
        case .decide(let decision, let tier, let done):
            let outcome = core.decide(decision, for: tier)
            answers.waiting.append { done.fulfill(outcome) }
        case .changeTiers(let kept, let makePorts, let done):
            let isDone = core.changeTiers(keeping: kept, makePorts(report))
            answers.waiting.append { done.fulfill(isDone) }
        }
    }

    /// Performs a batch. Its results are given after this pass, or when a remote tier has responded.
    private func perform(_ batch: [Submitted], _ core: StoreCore<Table>, _ answers: Answers) {
        core.perform(
            batch.map { submitted in
                let operation = submitted.operation
                return StoreOperation(
                    isUse: operation.isUse, decide: operation.decide,
                    done: { placement in answers.waiting.append { operation.done(placement) } },
                    failed: { error in answers.waiting.append { operation.failed(error) } })
            })
        memory.withLock { memory in
            for submitted in batch { if let key = submitted.key { memory.ended(key) } }
        }
    }

    /// Results that are given once the published status includes their effects.
    private final class Answers {
        var waiting: [() -> Void] = []

        func give() {
            let answers = waiting
            waiting = []
            for answer in answers { answer() }
        }
    }

    private func wait(until deadline: ContinuousClock.Instant?, isServing: Bool) {
        let isReady = queue.withLock { queue in
            !queue.events.isEmpty || queue.isClosed || (isServing && !queue.operations.isEmpty)
        }
        if isReady { return }
        guard let deadline else { return work.wait() }
        let remaining = max(.zero, deadline - .now)
        if remaining == .zero { return }
        _ = work.wait(timeout: .now() + .microseconds(Int(remaining / .microseconds(1)) + 1))
    }

    private func take(isServing: Bool) -> (operations: [Submitted], events: [Event], isClosed: Bool) {
        queue.withLock { queue in
            let events = queue.events
            queue.events = []
            guard isServing || queue.isClosed else { return ([], events, false) }
            let batch = Array(queue.operations.prefix(Self.batchMax))
            queue.operations.removeFirst(batch.count)
            return (batch, events, queue.isClosed)
        }
    }

    private func publish(_ core: StoreCore<Table>) {
        core.readIncidents()
        let current = core.status
        let events = status.withLock { status in
            let (since, events) = (status.pendingSince, current.events(since: status))
            status = current
            status.pendingSince = current.pending == 0 ? nil : since ?? now()
            return events
        }
        for event in events { happened(event) }
    }
}
