import Foundation
import Glibc

/// One connection to one PostgreSQL database, on a thread of its own.
///
/// Batches that wait at one time go out together, in one round trip. When the connection is lost, this object is done
/// with: `end` says why, and a new one is opened. No session state is used that a pooler in transaction mode would
/// break: no SET, no LISTEN, no prepared statement with a name, no lock beyond a batch.
public final class PostgresConnection: Sendable {
    public typealias Outcome = Result<[PostgresResult], PostgresError>

    /// What a statement gets when nothing else is said.
    public static let defaultDeadline = Duration.seconds(5)

    private let mailbox: PostgresMailbox
    public let target: PostgresTarget
    /// Whether it goes through TLS.
    public let isEncrypted: Bool

    private init(_ target: PostgresTarget, isEncrypted: Bool, _ mailbox: PostgresMailbox) {
        self.target = target
        self.isEncrypted = isEncrypted
        self.mailbox = mailbox
    }

    /// What is in flight still gets its answer; then the connection is closed.
    deinit { mailbox.beginClosing() }

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
        let thread = Thread {
            blockSignals()
            let mailbox = PostgresMailbox()
            do throws(PostgresError) {
                var loop = try PostgresLoop.connect(to: target, mailbox, until: moment)
                promise.fulfill(.success(PostgresConnection(target, isEncrypted: loop.isEncrypted, mailbox)))
                let error = loop.run()
                loop.end(error)
                ended(error)
            } catch {
                promise.fulfill(.failure(error))
            }
        }
        thread.name = "postgres"
        thread.start()
        return promise
    }

    /// Why the connection is of no more use; nil while it is. An idle one notices the end of its server by itself.
    public var end: PostgresError? { mailbox.end }

    /// Has `batch` done as one transaction: all of it or nothing.
    ///
    /// - Parameters:
    ///   - deadline: from now to the answer. When it passes, the peer is taken for dead: the connection is closed, and
    ///     with it every batch that is under way.
    ///   - completion: called once, on the connection's thread or, when nothing could be sent, on this one. Must not
    ///     block.
    public func submit(
        _ batch: [PostgresStatement], deadline: Duration = defaultDeadline,
        completion: @escaping @Sendable (Outcome) -> Void
    ) {
        if let statement = batch.first(where: \.containsNUL) {
            return completion(.failure(.malformed(statement.sql.sqlVerb, "a value has the character U+0000")))
        }
        guard !batch.isEmpty else { return completion(.success([])) }
        mailbox.submit(.init(batch, deadline: .now + deadline, waiter: completion))
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
    public func close() { mailbox.beginClosing() }

    /// Signals are for other threads.
    private static func blockSignals() {
        var signals = sigset_t()
        sigfillset(&signals)
        for crash in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP] { sigdelset(&signals, crash) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
