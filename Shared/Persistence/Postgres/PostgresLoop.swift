import Contracts
import Glibc
import Synchronization

/// The life of one connection: it connects, sends batches, delivers their results, and ends.
///
/// Thread rule: the connection's own thread waits for the server and reads its responses. A caller sends its batch
/// itself, which saves waking that thread. If another caller is using the connection at that moment, the connection's
/// thread sends the batch instead. Only that thread blocks: in the DNS look-up before it connects, and in poll(2).
final class PostgresLoop: Sendable {
    /// The connection and its queue of batches. Used by one thread at a time.
    private struct Line: ~Copyable {
        /// Nil when the connection has ended.
        var handle: PostgresHandle?
        var queue = PostgresMailbox.Queue()
        var mustFlush = false
        /// When the thread looks at the clock at the latest. It stays set after the batch that it was set for has its
        /// response. Otherwise each batch on an idle connection would have to wake the thread to set it.
        var alarm: ContinuousClock.Instant?
        /// The error of a failed send, for the thread to end the connection.
        var loss: PostgresError?

        mutating func send(_ batches: [PostgresMailbox.Queue.Batch]) throws(PostgresError) {
            for batch in batches { queue.submitted(batch) }
            while let statements = queue.sendNext() { try handle?.send(statements) }
            // Flush even after PQconsumeInput, which may have sent a part.
            mustFlush = try handle?.flush() ?? false
        }

        /// Reads what the server sent.
        /// - Returns: the completed batches, and the error that followed them.
        mutating func receive() -> (completions: [PostgresMailbox.Queue.Completion], loss: PostgresError?) {
            // A server that ends the connection sends the reason before: read that first.
            var loss: PostgresError?
            do throws(PostgresError) { try handle?.receive() } catch { loss = error }
            var completions: [PostgresMailbox.Queue.Completion] = []
            do throws(PostgresError) { try drain(into: &completions) } catch { loss = error }
            return (completions, loss)
        }

        private mutating func drain(
            into completions: inout [PostgresMailbox.Queue.Completion]
        ) throws(PostgresError) {
            var nothings = 0
            // Each statement ends with one "nothing". Two in a row mean that libpq has nothing under way. We read even
            // when nothing is in flight, because only then does libpq read unasked messages of the server.
            while nothings < 2 {
                guard let answer = try handle?.next() else { return }
                // libpq reads the warning before the Sync that follows it, and after the Sync of the batch before.
                if let warning = handle?.takeWarning() { queue.warningArrived(warning) }
                if case .nothing = answer { nothings += 1 } else { nothings = 0 }
                switch answer {
                case .none: return
                case .nothing, .skipped: break
                case .result(let result): queue.resultArrived(result)
                case .refusal(let refusal): queue.refusalArrived(refusal)
                case .sync:
                    if handle?.isInTransactionBlock == true { throw .connection("COMMIT", .sessionLost) }
                    if let completion = queue.syncArrived() { completions.append(completion) }
                }
            }
        }
    }

    private let mailbox = PostgresMailbox()
    private let line: Mutex<Line>
    private let socket: Int32
    private let cancellation: PostgresCancellation?
    let isEncrypted: Bool

    private init(_ handle: consuming sending PostgresHandle) {
        socket = handle.socket
        cancellation = handle.cancellation()
        isEncrypted = handle.isEncrypted
        line = Mutex(Line(handle: handle))
    }

    /// Why the connection ended; nil while it may be used.
    var end: PostgresError? { mailbox.end }

    // MARK: Any thread

    func submit(_ batch: PostgresMailbox.Queue.Batch) {
        guard mailbox.leave(batch) else { return }
        let isSent = line.withLockIfAvailable { line in
            do throws(PostgresError) { try line.send(mailbox.take()) } catch { line.loss = error }
            guard line.loss == nil, !line.mustFlush else { return false }
            // True only if the thread wakes up no later than the batch's deadline.
            return line.alarm.map { $0 <= batch.deadline } ?? false
        }
        if isSent != true { mailbox.wake() }
    }

    /// Submitted batches still get their responses.
    func beginClosing() { mailbox.beginClosing() }

    /// Ends the connection as if the deadline had passed.
    func giveUp() { mailbox.giveUp() }

    // MARK: The connection's thread

    /// Connects. Blocks until `deadline` at most; each address gets a share of the time.
    ///
    /// - Throws: the last failure with a reason from the server, or else the last failure.
    static func connect(
        to target: PostgresTarget, until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> PostgresLoop {
        let attempts = target.attempts(addresses: try HostLookup.addresses(of: target, until: deadline))
        var failure = PostgresError.connection("connect to \(target)", .timedOut)
        for (index, parameters) in attempts.enumerated() {
            let share = (deadline - .now) / (attempts.count - index)
            do throws(PostgresError) {
                return PostgresLoop(try connect(to: target, parameters, until: .now + share))
            } catch {
                // A failure because of a missing address family says less than any other failure.
                if failure.sqlState == nil && (error.cause != .addressFamilyMissing || failure.cause == .timedOut)
                    || error.sqlState != nil
                {
                    failure = error
                }
                // If one host refuses the login, the next ones are not tried, as in libpq.
                if error.sqlState?.category == "28" { break }
            }
        }
        throw failure
    }

    private static func connect(
        to target: PostgresTarget, _ parameters: [(String, String)], until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> sending PostgresHandle {
        var handle = try PostgresHandle.connecting(to: target, parameters)
        // PQconnectStart ends in the state PGRES_POLLING_WRITING.
        var wanted: (read: Bool, write: Bool)? = (false, true)
        while let events = wanted {
            if wait(handle.socket, read: events.read, write: events.write, until: deadline) {
                wanted = try handle.pollConnect()
            } else if deadline <= .now {
                throw .connection("connect to \(target)", .timedOut)
            }
        }
        return handle
    }

    /// Delivers the results of batches until the connection ends.
    /// - Returns: why it ended.
    func run() -> PostgresError {
        do throws(PostgresError) {
            while true {
                let (alarm, mustFlush) = try line.withLock { line throws(PostgresError) in try prepare(&line) }
                let isSocket = Self.wait(
                    socket, read: true, write: mustFlush, wake: mailbox.wakeDescriptor, until: alarm)
                mailbox.awoke()
                guard isSocket else { continue }
                let (completions, loss) = line.withLock { $0.receive() }
                answer(completions)
                if let loss { throw loss }
            }
        } catch {
            return error
        }
    }

    /// Sends the remaining batches.
    /// - Returns: how long to wait for the server, and whether to wait until it accepts more data too.
    private func prepare(
        _ line: inout Line
    ) throws(PostgresError) -> (alarm: ContinuousClock.Instant?, mustFlush: Bool) {
        if let loss = line.loss { throw loss }
        if mailbox.isGivenUp { throw .connection("wait for an answer", .timedOut) }
        // The order matters: a batch that is submitted before the closing begins must be taken.
        let isClosing = mailbox.isClosing
        try line.send(mailbox.take())
        if isClosing, line.queue.isEmpty { throw .connection("close", .closedHere) }
        let now = ContinuousClock.now
        let deadline = line.queue.nextDeadline(at: now)
        if let deadline, deadline <= now { throw .connection("wait for an answer", .timedOut) }
        line.alarm = deadline ?? line.alarm.flatMap { $0 > now ? $0 : nil }
        return (line.alarm, line.mustFlush)
    }

    /// Fails every batch that is left, and closes the connection.
    func end(_ error: PostgresError) {
        let late = mailbox.ended(error)
        if error.cause == .timedOut { cancellation?.send() }
        let completions = line.withLock { line in
            for batch in late { line.queue.submitted(batch) }
            return line.queue.connectionEnded(error)
        }
        answer(completions)
        line.withLock { $0.handle = nil }
    }

    private func answer(_ completions: [PostgresMailbox.Queue.Completion]) {
        guard !completions.isEmpty else { return }
        mailbox.answered(completions.count)
        for completion in completions { completion.waiter(completion.outcome) }
    }

    /// Waits for the socket, the wake-up or the deadline.
    /// - Returns: whether the socket became ready.
    private static func wait(
        _ socket: Int32, read: Bool, write: Bool, wake: Int32 = -1, until deadline: ContinuousClock.Instant?
    ) -> Bool {
        var events: Int16 = 0
        if read { events |= Int16(POLLIN) }
        if write { events |= Int16(POLLOUT) }
        var descriptors = [
            pollfd(fd: socket, events: events, revents: 0),
            // poll(2) ignores a negative descriptor.
            pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = deadline.map { deadline in
            // Rounded up, so that the deadline has passed when poll returns.
            Int32(clamping: max(.zero, deadline - .now).milliseconds + 1)
        }
        // EINTR ends the wait like a time-out: the caller checks the clock and waits again.
        guard poll(&descriptors, 2, milliseconds ?? -1) > 0 else { return false }
        return descriptors[0].revents != 0
    }
}
