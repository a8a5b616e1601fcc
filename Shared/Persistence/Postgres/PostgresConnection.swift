import Threads

/// One connection to one PostgreSQL database, with a thread that waits for its responses.
///
/// Batches are sent without waiting for the responses to earlier ones. When the connection is lost, this object is used
/// up: `end` says why, and the caller opens a new one. It relies on no session state that a pooler in transaction mode
/// would break: no SET, no LISTEN, no lock beyond a batch. If a prepared statement is not found, its whole text is sent
/// again.
public final class PostgresConnection: Sendable {
    public typealias Outcome = Result<[PostgresResult], PostgresError>

    /// The default deadline of a batch.
    public static let defaultDeadline = Duration.seconds(5)

    private let loop: PostgresLoop
    public let target: PostgresTarget
    /// Whether it uses TLS.
    public var isEncrypted: Bool { loop.isEncrypted }

    private let prepared = PreparedStatements()

    private init(_ target: PostgresTarget, _ loop: PostgresLoop) {
        self.target = target
        self.loop = loop
    }

    /// Batches in flight still get their responses; then the connection is closed.
    deinit { loop.beginClosing() }

    /// Connects, on a new thread.
    ///
    /// - Parameters:
    ///   - deadline: for everything together: name look-up, TCP, TLS and authentication, at every host of the URL in
    ///     turn.
    ///   - ended: called once, on that thread, when a connection that was made is lost or closed.
    /// - Returns: a promise of the connection, or of the error: its `failure` says whether trying again helps.
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

    /// Why the connection ended; nil while it can be used. An idle connection notices by itself that its server has
    /// ended.
    public var end: PostgresError? { loop.end }

    /// Runs `batch` as one transaction: all of it or nothing.
    ///
    /// - Parameters:
    ///   - deadline: from now to the response. When it passes, the peer counts as dead: the connection is closed, and
    ///     every batch under way ends with it.
    ///   - completion: called once, on the connection's thread, or on the caller's thread if the batch is refused at
    ///     once. Must not block.
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
            // Nothing of the batch took effect.
            loop.submit(.init(batch, deadline: moment, waiter: completion))
        }
        loop.submit(.init(short, deadline: moment, waiter: completionOrAgain))
    }

    /// Makes the server parse each of `statements` once, instead of at every submission.
    ///
    /// A pooler in transaction mode may send them to a session without the prepared statements. The refusal shows that
    /// (SQLSTATE 26000 there, 42P05 here), and from then on the server parses everything each time, as if this had not
    /// been called. PgBouncer tracks prepared statements since 1.21 if `max_prepared_statements` is set; Supavisor does
    /// not.
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

    /// Waits for the responses to submitted batches, then closes. Later batches are not sent. Returns at once; `ended`
    /// reports the end.
    public func close() { loop.beginClosing() }

    /// Ends the connection now, and makes the server cancel its work for it. Otherwise the server might wait for a lock
    /// and not notice that the client is gone. Returns at once. Submitted batches have an unknown outcome.
    public func giveUp() { loop.giveUp() }
}
