public import Contracts
import Dispatch
import Foundation
import Synchronization

/// What an operation brought, and where that is held.
public struct Stored<Output: Sendable>: Sendable {
    public var output: Output
    public var placement: Placement
}

/// The records of one kind, held in tiers: memory, and SQLite on local disk.
///
/// Every operation is decided on the store's one thread, in the order of `submit`; all that wait at one time share one
/// commit. When an operation's result is there, its changes survive the loss of power (`placement.isDurable`), or, while
/// the disk is away, are held in memory until it is back.
public final class TieredStore<Table: LocalTable>: Sendable {
    public typealias Record = Table.Record
    public typealias Outcome<Output: Sendable> = Result<Stored<Output>, RPCError>

    /// Operations that share one commit at most.
    public static var batchMax: Int { 512 }

    private struct Queue: ~Copyable {
        /// SAFETY of the sending: an operation is reached from this queue only, and leaves it for the store's thread.
        var operations: [Submitted] = []
        var isClosed = false
    }

    private struct Submitted: @unchecked Sendable {
        // SAFETY: made in `submit`, read by the thread that takes it out of the queue, and by nobody in between; its
        // closures are made from Sendable parts. Held by StoreTests.manySubmittersShareCommits under ThreadSanitizer (which
        // knows nothing of Mutex: reports with `withLock` on both sides are none).
        let operation: StoreOperation<Table>
        let key: Record.Key?
    }

    private let queue = Mutex(Queue())
    private let work = DispatchSemaphore(value: 0)
    private let memory: SharedMemory<Record>
    private let status = Mutex(StoreStatus())
    private let now: @Sendable () -> Timestamp
    private let finished = Promise<Void>()

    /// Opens the file at `path` on a thread of its own, and brings its schema up to date.
    ///
    /// - Parameter memoryLimit: the bound of the memory tier, in bytes.
    /// - Throws: when the file must not be used, as when a later version of Rivet wrote it. A disk that is full or
    ///   failing is no error: the store is degraded then, and tries again.
    public init(
        path: String, memoryLimit: Int, now: @escaping @Sendable () -> Timestamp
    ) async throws(LocalTableError) {
        memory = SharedMemory(limit: memoryLimit)
        self.now = now
        let opened = Promise<Result<Void, LocalTableError>>()
        let thread = Thread { [self] in run(path, opened) }
        thread.name = "store"
        thread.start()
        try await opened.value.get()
    }

    /// Has `decide` done on the store's thread, after everything that was submitted before.
    ///
    /// - Parameter key: the key that it changes, when there is one that `cached` may be asked for.
    public func submit<Output: Sendable>(
        touching key: Record.Key? = nil,
        _ decide: @escaping @Sendable (inout StoreTransaction<Table>) throws(RPCError) -> Output
    ) -> Promise<Outcome<Output>> {
        let promise = Promise<Outcome<Output>>()
        var decision: Result<Output, RPCError>?
        let operation = StoreOperation<Table>(
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

    /// The newest revision of `key`, if it is in memory and nothing is under way on it. Answers at once.
    public func cached(_ key: Record.Key) -> (record: Record, placement: Placement)? {
        memory.withLock { memory in
            guard !memory.isUnderWay(key), let record = memory.lookUp(key) else { return nil }
            return (record, Placement(memory.isHeld(key) ? [.memory] : [.sqlite, .memory]))
        }
    }

    /// How the store is now.
    public var currentStatus: StoreStatus { status.withLock { $0 } }

    /// Does what was submitted, writes the log into the file, and ends the thread. Later operations are `unavailable`.
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

    // MARK: The thread

    private func run(_ path: String, _ opened: Promise<Result<Void, LocalTableError>>) {
        let core = StoreCore<Table>(path: path, memory: memory, now: now)
        do throws(LocalTableError) { try core.open() } catch {
            opened.fulfill(.failure(error))
            return
        }
        publish(core)
        opened.fulfill(.success(()))
        while true {
            wait(until: core.retryAt)
            let (batch, isClosed) = takeBatch()
            if !batch.isEmpty { perform(batch, core) }
            if core.retry() { publish(core) }
            if isClosed, batch.isEmpty { break }
        }
        core.close()
        finished.fulfill(())
    }

    /// Does a batch, and answers when `currentStatus` says what came of it: who has an answer that only memory holds
    /// reads a status that knows of it.
    private func perform(_ batch: [Submitted], _ core: StoreCore<Table>) {
        var answers: [() -> Void] = []
        answers.reserveCapacity(batch.count)
        core.perform(
            batch.map { submitted in
                let operation = submitted.operation
                return StoreOperation(
                    decide: operation.decide,
                    done: { placement in answers.append { operation.done(placement) } },
                    failed: { error in answers.append { operation.failed(error) } })
            })
        publish(core)
        memory.withLock { memory in
            for submitted in batch { if let key = submitted.key { memory.ended(key) } }
        }
        for answer in answers { answer() }
    }

    private func wait(until deadline: ContinuousClock.Instant?) {
        if queue.withLock({ !$0.operations.isEmpty || $0.isClosed }) { return }
        guard let deadline else { return work.wait() }
        let remaining = max(.zero, deadline - .now)
        _ = work.wait(timeout: .now() + .milliseconds(Int(remaining.milliseconds) + 1))
    }

    private func takeBatch() -> ([Submitted], isClosed: Bool) {
        queue.withLock { queue in
            let batch = Array(queue.operations.prefix(Self.batchMax))
            queue.operations.removeFirst(batch.count)
            return (batch, queue.isClosed)
        }
    }

    private func publish(_ core: StoreCore<Table>) {
        let (pending, cost) = memory.withLock { ($0.held.count, $0.heldCost) }
        status.withLock { status in
            status.isUp = core.isUp
            status.lastError = core.lastError
            status.pending = pending
            status.pendingSince = pending == 0 ? nil : status.pendingSince ?? now()
            status.heldBytes = cost
            status.lastCommit = core.lastCommit
        }
    }
}

/// How a store is.
public struct StoreStatus: Sendable {
    /// Whether the disk takes writes.
    public var isUp = false
    public var lastError: String?
    /// Records that only memory holds.
    public var pending = 0
    public var pendingSince: Timestamp?
    public var heldBytes = 0
    public var lastCommit: Duration?
}
