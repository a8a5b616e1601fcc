import DequeModule

/// The batches of one connection, from their submission to their answer. No I/O, no clock.
///
/// PostgreSQL answers in the order of sending: the result of each statement, or one refusal and then nothing more,
/// and at the end of the batch a Sync.
struct BatchQueue<Waiter: Sendable> {
    /// Batches that the server has and has not answered, at most.
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
    /// Not later than the earliest deadline.
    private var deadlineBound: ContinuousClock.Instant?

    var isEmpty: Bool { waiting.isEmpty && inFlight.isEmpty }

    mutating func submitted(_ batch: Batch) {
        waiting.append(batch)
        deadlineBound = min(deadlineBound ?? batch.deadline, batch.deadline)
    }

    /// The batch that is to be sent now, which counts as in flight from here on.
    mutating func sendNext() -> [PostgresStatement]? {
        guard inFlight.count < Self.inFlightMax, let batch = waiting.popFirst() else { return nil }
        inFlight.append(batch)
        return batch.statements
    }

    mutating func resultArrived(_ result: PostgresResult) {
        guard !inFlight.isEmpty else { return }
        inFlight[0].results.append(result)
    }

    /// - Parameter refusal: what the server said; which statement that concerns is known here.
    mutating func refusalArrived(_ refusal: PostgresError) {
        guard !inFlight.isEmpty, inFlight[0].refusal == nil else { return }
        var refusal = refusal
        let position = inFlight[0].results.count
        refusal.statement = position
        refusal.operation =
            position < inFlight[0].statements.count ? inFlight[0].statements[position].sql.sqlVerb : "COMMIT"
        inFlight[0].refusal = refusal
    }

    /// The server warned while it did the oldest batch in flight: it may answer with success what is none.
    mutating func warningArrived(_ warning: PostgresError) {
        guard !inFlight.isEmpty, inFlight[0].warning == nil else { return }
        inFlight[0].warning = warning
    }

    /// The end of the oldest batch in flight: committed, unless it was refused or the server warned.
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

    /// The connection ended: what was sent may have happened.
    mutating func connectionEnded(_ error: PostgresError) -> [Completion] {
        let completions =
            inFlight.map { Completion(waiter: $0.waiter, outcome: .failure(error.outcomeUnknown)) }
            + waiting.map { Completion(waiter: $0.waiter, outcome: .failure(error.notSent)) }
        self = BatchQueue()
        return completions
    }

    /// The earliest deadline, when there is a batch.
    mutating func nextDeadline(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        guard let bound = deadlineBound, bound <= now else { return deadlineBound }
        // Only now is it worth looking through all.
        deadlineBound = [inFlight, waiting].flatMap { $0.map(\.deadline) }.min()
        return deadlineBound
    }
}
