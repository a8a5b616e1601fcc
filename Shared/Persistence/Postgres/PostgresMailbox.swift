import CLibpq
import Glibc
import Synchronization

/// What callers leave for a connection, and how they wake up its thread.
final class PostgresMailbox: Sendable {
    typealias Waiter = @Sendable (Result<[PostgresResult], PostgresError>) -> Void
    typealias Queue = BatchQueue<Waiter>

    /// Batches that were submitted and not answered, at most.
    static let batchesMax = 4_096

    private struct State {
        var submitted: [Queue.Batch] = []
        var unanswered = 0
        var isClosing = false
        var isGivenUp = false
        var end: PostgresError?
    }

    private let state = Mutex(State())
    /// Readable when the thread has something to do.
    let wakeDescriptor: Int32

    init() {
        wakeDescriptor = rivet_wake_descriptor()
        precondition(wakeDescriptor >= 0, "no descriptor for a database connection: errno \(errno)")
    }

    deinit { close(wakeDescriptor) }

    /// Why the connection ended; nil while it may be used.
    var end: PostgresError? { state.withLock { $0.end } }
    var isClosing: Bool { state.withLock { $0.isClosing } }
    var isGivenUp: Bool { state.withLock { $0.isGivenUp } }

    /// - Returns: whether it is to be sent. If not, it has got its answer.
    func leave(_ batch: Queue.Batch) -> Bool {
        let refusal: PostgresError? = state.withLock { state in
            if let end = state.end { return end.notSent }
            if state.isClosing { return .connection("submit", .closedHere) }
            guard state.unanswered < Self.batchesMax else {
                return .connection("submit", .queueFull, failure: .retry)
            }
            state.submitted.append(batch)
            state.unanswered += 1
            return nil
        }
        if let refusal { batch.waiter(.failure(refusal)) }
        return refusal == nil
    }

    /// What was left and not taken, in the order of leaving.
    func take() -> [Queue.Batch] {
        state.withLock { state in
            defer { state.submitted = [] }
            return state.submitted
        }
    }

    /// What was submitted is still answered.
    func beginClosing() {
        state.withLock { $0.isClosing = true }
        wake()
    }

    /// What was submitted is not waited for.
    func giveUp() {
        state.withLock { ($0.isClosing, $0.isGivenUp) = (true, true) }
        wake()
    }

    func wake() {
        // Full, it is readable, which is all that is asked of it.
        _ = eventfd_write(wakeDescriptor, 1)
    }

    // MARK: The thread

    func awoke() {
        var count: eventfd_t = 0
        _ = eventfd_read(wakeDescriptor, &count)
    }

    func answered(_ count: Int) { state.withLock { $0.unanswered -= count } }

    /// - Returns: what was submitted and never taken.
    func ended(_ error: PostgresError) -> [Queue.Batch] {
        state.withLock { state in
            state.end = error
            defer { state.submitted = [] }
            return state.submitted
        }
    }
}
