import DequeModule

/// The batches of one connection, from submission to response. No I/O, no clock.
///
/// PostgreSQL responds in the order of sending: the result of each statement, or one refusal and then nothing more, and
/// a Sync at the end of the batch.
struct BatchQueue<Waiter: Sendable> {
    /// The most batches that were sent and have no response yet.
    static var inFlightMax: Int { 512 }

    struct Batch: Sendable {
        var statements: [PostgresStatement]
        var deadline: ContinuousClock.Instant
        var waiter: Waiter
        fileprivate var results: [PostgresResult] = []
        fileprivate var refusal: PostgresError?
        fileprivate var warning: PostgresError?

        init(_ statements: [PostgresStatement], deadline: ContinuousClock.Instant, waiter: Waiter) {
            self.statements = statements
            self.deadline = deadline
            self.waiter = waiter
        }
    }

    struct Completion: Sendable {
        var waiter: Waiter
        var outcome: Result<[PostgresResult], PostgresError>
    }

    private var waiting: Deque<Batch> = []
    private var inFlight: Deque<Batch> = []
    /// No later than the earliest deadline.
    private var deadlineBound: ContinuousClock.Instant?

    var isEmpty: Bool { waiting.isEmpty && inFlight.isEmpty }

    mutating func submitted(_ batch: Batch) {
        waiting.append(batch)
        deadlineBound = min(deadlineBound ?? batch.deadline, batch.deadline)
    }

    /// Takes the batch to send now. It counts as in flight from here on.
    mutating func sendNext() -> [PostgresStatement]? {
        guard inFlight.count < Self.inFlightMax, let batch = waiting.popFirst() else { return nil }
        inFlight.append(batch)
        return batch.statements
    }

    mutating func resultArrived(_ result: PostgresResult) {
        guard !inFlight.isEmpty else { return }
        inFlight[0].results.append(result)
    }

    /// - Parameter refusal: the server's refusal. This function adds the statement that it concerns.
    mutating func refusalArrived(_ refusal: PostgresError) {
        guard !inFlight.isEmpty, inFlight[0].refusal == nil else { return }
        var refusal = refusal
        let position = inFlight[0].results.count
        refusal.statement = position
        refusal.operation =
            position < inFlight[0].statements.count ? inFlight[0].statements[position].sql.sqlVerb : "COMMIT"
        inFlight[0].refusal = refusal
    }

    /// The server sent a warning during the oldest batch in flight. It may report success for a commit that did not
    /// fully succeed.
    mutating func warningArrived(_ warning: PostgresError) {
        guard !inFlight.isEmpty, inFlight[0].warning == nil else { return }
        inFlight[0].warning = warning
    }

    /// The end of the oldest batch in flight: it is committed unless it was refused or the server sent a warning.
    mutating func syncArrived() -> Completion? {
        guard let batch = inFlight.popFirst() else { return nil }
        if isEmpty { deadlineBound = nil }
        if let refusal = batch.refusal { return Completion(waiter: batch.waiter, outcome: .failure(refusal)) }
        if let warning = batch.warning { return Completion(waiter: batch.waiter, outcome: .failure(warning)) }
        guard batch.results.count == batch.statements.count else {
            let mismatch = PostgresError.connection("pipeline", .unexpectedAnswer)
            return Completion(waiter: batch.waiter, outcome: .failure(mismatch.outcomeUnknown))
        }
        return Completion(waiter: batch.waiter, outcome: .success(batch.results))
    }

    /// The connection ended. Batches that were sent may have taken effect.
    mutating func connectionEnded(_ error: PostgresError) -> [Completion] {
        let completions =
            inFlight.map { Completion(waiter: $0.waiter, outcome: .failure(error.outcomeUnknown)) }
            + waiting.map { Completion(waiter: $0.waiter, outcome: .failure(error.notSent)) }
        self = BatchQueue()
        return completions
    }

    /// The earliest deadline; nil when there is no batch.
    mutating func nextDeadline(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let bound = deadlineBound, bound <= now else { return deadlineBound }
        // The bound has passed, so search all batches for the real one.
        deadlineBound = [inFlight, waiting].flatMap { $0.map(\.deadline) }.min()
        return deadlineBound
    }
}
