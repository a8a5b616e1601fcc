import Contracts
import Glibc

/// The life of one connection, on the thread that owns it: connect, answer batches, end. Nothing else blocks there
/// than poll(2), and the look-up of names before.
struct PostgresLoop: ~Copyable {
    private let mailbox: PostgresMailbox
    private var handle: PostgresHandle
    private var queue = PostgresMailbox.Queue()
    private var mustFlush = false

    init(_ handle: consuming PostgresHandle, _ mailbox: PostgresMailbox) {
        self.handle = handle
        self.mailbox = mailbox
    }

    var isEncrypted: Bool { handle.isEncrypted }

    /// Connects. Blocks until `deadline` at the most, of which each address has its share.
    ///
    /// - Throws: the last failure of which the server told the reason, else the last.
    static func connect(
        to target: PostgresTarget, _ mailbox: PostgresMailbox, until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> PostgresLoop {
        let attempts = target.attempts(addresses: try HostLookup.addresses(of: target, until: deadline))
        var failure = PostgresError.connection("connect to \(target)", "no answer in time")
        for (index, parameters) in attempts.enumerated() {
            let share = (deadline - .now) / (attempts.count - index)
            do throws(PostgresError) {
                return PostgresLoop(try connect(to: target, parameters, mailbox, until: .now + share), mailbox)
            } catch {
                if failure.sqlState == nil || error.sqlState != nil { failure = error }
                // Who is not let in at one host is not tried at the next: as libpq has it.
                if error.sqlState?.category == "28" { break }
            }
        }
        throw failure
    }

    private static func connect(
        to target: PostgresTarget, _ parameters: [(String, String)], _ mailbox: PostgresMailbox,
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) -> PostgresHandle {
        var handle = try PostgresHandle.connecting(to: target, parameters)
        // As after PGRES_POLLING_WRITING, which is where PQconnectStart leaves off.
        var wanted: (read: Bool, write: Bool)? = (false, true)
        while let events = wanted {
            if wait(handle.socket, read: events.read, write: events.write, mailbox, until: deadline) {
                wanted = try handle.pollConnect()
            } else if deadline <= .now {
                throw .connection("connect to \(target)", "no answer in time")
            }
        }
        return handle
    }

    /// Answers batches until the connection ends.
    /// - Returns: why it ended.
    mutating func run() -> PostgresError {
        do throws(PostgresError) {
            while true {
                let (batches, isClosing) = mailbox.take()
                for batch in batches { queue.submitted(batch) }
                try send()
                if isClosing, queue.isEmpty { throw .connection("close", "the connection was closed") }
                let now = ContinuousClock.now
                let deadline = queue.nextDeadline(at: now)
                if let deadline, deadline <= now {
                    throw .connection("wait for an answer", "no answer in time")
                }
                if Self.wait(handle.socket, read: true, write: mustFlush, mailbox, until: deadline) { try receive() }
            }
        } catch {
            return error
        }
    }

    /// Every batch that is left gets its answer.
    consuming func end(_ error: PostgresError) {
        let late = mailbox.ended(error)
        for batch in late { queue.submitted(batch) }
        answer(queue.connectionEnded(error))
    }

    private mutating func send() throws(PostgresError) {
        while let statements = queue.sendNext() { try handle.send(statements) }
        // Also after PQconsumeInput, which may have sent a part.
        mustFlush = try handle.flush()
    }

    private mutating func receive() throws(PostgresError) {
        // A server that ends the connection says why before: read that first.
        var loss: PostgresError?
        do throws(PostgresError) { try handle.receive() } catch { loss = error }
        try drain()
        if let loss { throw loss }
    }

    private mutating func drain() throws(PostgresError) {
        var completions: [PostgresMailbox.Queue.Completion] = []
        defer { answer(completions) }
        var nothings = 0
        // Each statement's end is one "nothing". Two and nothing between them: libpq has nothing under way. Asked
        // also when nothing is in flight: only then does libpq look at what a server says on its own account.
        while nothings < 2 {
            switch try handle.next() {
            case .none: return
            case .nothing: nothings += 1
            case .skipped: nothings = 0
            case .result(let result):
                nothings = 0
                queue.resultArrived(result)
            case .refusal(let refusal):
                nothings = 0
                queue.refusalArrived(refusal)
            case .sync:
                nothings = 0
                if let completion = queue.syncArrived() { completions.append(completion) }
            }
        }
    }

    private borrowing func answer(_ completions: [PostgresMailbox.Queue.Completion]) {
        guard !completions.isEmpty else { return }
        mailbox.answered(completions.count)
        for completion in completions { completion.waiter(completion.outcome) }
    }

    /// Waits for the socket, the mailbox or the deadline.
    /// - Returns: whether it was the socket.
    private static func wait(
        _ socket: Int32, read: Bool, write: Bool, _ mailbox: PostgresMailbox, until deadline: ContinuousClock.Instant?
    ) -> Bool {
        var events: Int16 = 0
        if read { events |= Int16(POLLIN) }
        if write { events |= Int16(POLLOUT) }
        var descriptors = [
            pollfd(fd: socket, events: events, revents: 0),
            pollfd(fd: mailbox.wakeDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = deadline.map { deadline in
            // Rounded up, so that the deadline is over when the time is.
            Int32(clamping: max(.zero, deadline - .now).milliseconds + 1)
        }
        // EINTR ends the wait like a time-out: the caller looks at the clock and comes again.
        guard poll(&descriptors, 2, milliseconds ?? -1) > 0 else { return false }
        return descriptors[0].revents != 0
    }
}
