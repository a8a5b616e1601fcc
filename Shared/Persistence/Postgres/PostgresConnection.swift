import Threads

/// One connection to one PostgreSQL database, with a thread that waits for its answers.
///
/// Batches follow each other without waiting for the answers to those before. When the connection is lost, this object is done
/// with: `end` says why, and a new one is opened. No session state is relied on that a pooler in transaction mode would
/// break: no SET, no LISTEN, no lock beyond a batch; and where a statement that was prepared is not found, it is sent
/// whole again.
public final class PostgresConnection: Sendable {
    public typealias Outcome = Result<[PostgresResult], PostgresError>

    /// What a statement gets when nothing else is said.
    public static let defaultDeadline = Duration.seconds(5)

    private let loop: PostgresLoop
    public let target: PostgresTarget
    /// Whether it goes through TLS.
    public var isEncrypted: Bool { loop.isEncrypted }

    private let prepared = PreparedStatements()

    private init(_ target: PostgresTarget, _ loop: PostgresLoop) {
        self.target = target
        self.loop = loop
    }

    /// What is in flight still gets its answer; then the connection is closed.
    deinit { loop.beginClosing() }

    /// Connects, on a new thread.
    ///
    /// - Parameters:
    ///   - deadline: for all of it: looking names up, TCP, TLS and authentication, at every host of the URL in turn.
    ///   - ended: called once, on that thread, when a connection that was there is lost or closed.
    /// - Returns: the promise of the connection, or of why there is none: `failure` says whether trying again helps.
    public static func open(
        _ target: PostgresTarget, deadline: Duration, ended: @escaping @Sendable (PostgresError) -> Void = { _ in }
    ) -> Promise<Result<PostgresConnection, PostgresError>> {
        let promise = Promise<Result<PostgresConnection, PostgresError>>()
        let moment = ContinuousClock.now + deadline
        do throws(ThreadError) {
            try NamedThread.start("postgres") {
                do throws(PostgresError) {
                    let loop = try PostgresLoop.connect(to: target, until: moment)
                    promise.fulfill(.success(PostgresConnection(target, loop)))
                    let error = loop.run()
                    loop.end(error)
                    ended(error)
                } catch {
                    promise.fulfill(.failure(error))
                }
            }
        } catch { promise.fulfill(.failure(.connection("connect to \(target)", .noThread))) }
        return promise
    }

    /// Why the connection is of no more use; nil while it is. An idle one notices the end of its server by itself.
    public var end: PostgresError? { loop.end }

    /// Has `batch` done as one transaction: all of it or nothing.
    ///
    /// - Parameters:
    ///   - deadline: from now to the answer. When it passes, the peer is taken for dead: the connection is closed, and
    ///     with it every batch that is under way.
    ///   - completion: called once, on the connection's thread or, when the batch is refused at once, on this one. Must
    ///     not block.
    public func submit(
        _ batch: [PostgresStatement], deadline: Duration = defaultDeadline,
        completion: @escaping @Sendable (Outcome) -> Void
    ) {
        if let statement = batch.first(where: \.containsNUL) {
            return completion(.failure(.malformed(statement.sql.sqlVerb, .zeroCharacter)))
        }
        guard !batch.isEmpty else { return completion(.success([])) }
        let moment = ContinuousClock.now + deadline
        guard let short = prepared.shortForm(of: batch) else {
            return loop.submit(.init(batch, deadline: moment, waiter: completion))
        }
        let completionOrAgain: @Sendable (Outcome) -> Void = { [loop, prepared] outcome in
            guard case .failure(let error) = outcome, error.isUnknownPreparation else { return completion(outcome) }
            prepared.areLost()
            // Nothing of it was done.
            loop.submit(.init(batch, deadline: moment, waiter: completion))
        }
        loop.submit(.init(short, deadline: moment, waiter: completionOrAgain))
    }

    /// Has the server parse each of `statements` once, and not each time that it is submitted.
    ///
    /// A pooler in transaction mode may send them to a session that knows nothing of it. Its refusal tells (SQLSTATE 26000
    /// there, 42P05 here), and all is parsed each time from then on, as if this had not been called. PgBouncer keeps
    /// track of prepared statements since 1.21, where `max_prepared_statements` is set; Supavisor does not.
    func prepare(_ statements: [String], deadline: Duration = defaultDeadline) async {
        let preparations = PreparedStatements.preparations(of: statements)
        if case .success = await submit(preparations, deadline: deadline).value { prepared.areKept(statements) }
    }

    /// `submit`, and the promise of its outcome.
    public func submit(
        _ batch: [PostgresStatement], deadline: Duration = defaultDeadline
    ) -> Promise<Outcome> {
        let promise = Promise<Outcome>()
        submit(batch, deadline: deadline, completion: promise.fulfill)
        return promise
    }

    /// Answers what was submitted, then closes. Later batches are not sent. Returns at once; `ended` tells the end.
    public func close() { loop.beginClosing() }

    /// Ends the connection now, and has the server break off what it does for it: it may wait for a lock, and would not
    /// notice that nothing waits for it any more. Returns at once. What was submitted has an unknown outcome.
    public func giveUp() { loop.giveUp() }
}
