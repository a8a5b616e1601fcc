import CLibpq
import Glibc
import Synchronization

/// The batches that callers submit to a connection, and the means to wake its thread.
final class PostgresMailbox: Sendable {
    typealias Waiter = @Sendable (Result<[PostgresResult], PostgresError>) -> Void
    typealias Queue = BatchQueue<Waiter>

    /// The most submitted batches without a response.
    static let batchesMax = 4_096

    private struct State {
        var submitted: [Queue.Batch] = []
        var unanswered = 0
        var isClosing = false
        var isGivenUp = false
        var end: PostgresError?
    }

    private let state = Mutex(State())
    /// Readable when the thread has work to do.
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

    /// - Returns: whether it must be sent. If not, its waiter has received the error.
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

    /// Takes the submitted batches, in the order of submission.
    func take() -> [Queue.Batch] {
        state.withLock { state in
            defer { state.submitted = [] }
            return state.submitted
        }
    }

    /// Submitted batches still get their responses.
    func beginClosing() {
        state.withLock { $0.isClosing = true }
        wake()
    }

    /// Submitted batches are not waited for.
    func giveUp() {
        state.withLock { ($0.isClosing, $0.isGivenUp) = (true, true) }
        wake()
    }

    func wake() {
        // A full counter is readable too, so a failure does not matter.
        _ = eventfd_write(wakeDescriptor, 1)
    }

    // MARK: The thread

    func awoke() {
        var count: eventfd_t = 0
        _ = eventfd_read(wakeDescriptor, &count)
    }

    func answered(_ count: Int) { state.withLock { $0.unanswered -= count } }

    /// - Returns: the batches that were submitted and never taken.
    func ended(_ error: PostgresError) -> [Queue.Batch] {
        state.withLock { state in
            state.end = error
            defer { state.submitted = [] }
            return state.submitted
        }
    }
}
