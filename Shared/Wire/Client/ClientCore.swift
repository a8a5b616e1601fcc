import Contracts
import Logging
import NIOCore
import NIOPosix

/// A client's calls and its connection. Used on the event loop only.
final class ClientCore {
    typealias Outcome = Result<JSONValue, WireError>
    typealias Waiter = CheckedContinuation<Outcome, Never>

    private let path: String
    private let eventLoop: any EventLoop
    private let logger: Logger
    private var calls = CallTable<Waiter>()
    private var reconnect = ReconnectState()
    private var channel: (any Channel)?
    private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?
    private var isFlushScheduled = false
    /// Whether the log already says that the service is unavailable.
    private var isOutageLogged = false

    init(path: String, eventLoop: any EventLoop, logger: Logger) {
        self.path = path
        self.eventLoop = eventLoop
        self.logger = logger
    }

    func submit(_ id: Int64, _ entry: CallTable<Waiter>.Entry) {
        guard reconnect.phase != .shutDown else { return entry.waiter.resume(returning: .failure(.shutDown)) }
        switch calls.callSubmitted(id, entry) {
        case .refuse(let waiter): waiter.resume(returning: .failure(.tooManyCalls))
        case .wait:
            setTimer(for: entry.deadline)
            perform(reconnect.callSubmitted())
            writeCalls()
        }
    }

    /// The calling task was cancelled. A response that comes later is dropped.
    func cancel(_ id: Int64) {
        calls.callAbandoned(id)?.resume(returning: .failure(.shutDown))
    }

    func shutdown() -> EventLoopFuture<Void> {
        reconnect.shutDown()
        timer?.task.cancel()
        timer = nil
        for waiter in calls.removeAll() { waiter.resume(returning: .failure(.shutDown)) }
        guard let channel else { return eventLoop.makeSucceededVoidFuture() }
        channel.close(promise: nil)
        return channel.closeFuture
    }

    // MARK: Events of the connection

    func messageReceived(_ message: RPCMessage) {
        guard case .response(let id, let outcome) = message else {
            return violationFound("the peer sent a request")
        }
        reconnect.replyReceived()
        guard let number = id.json.integerValue else {
            if case .failure(let error) = outcome { violationFound("the peer refused a frame: \(error)") }
            return
        }
        switch calls.replyReceived(for: number) {
        case .resume(let waiter): waiter.resume(returning: outcome.mapError(WireError.remote))
        case .dropLateReply: break
        }
    }

    /// Fails the calls that were written on this connection, since they would fail on the next one too, and closes it.
    func violationFound(_ reason: String) {
        logger.error("wire protocol violated", metadata: ["path": "\(path)", "reason": "\(reason)"])
        for waiter in calls.removeWritten() { waiter.resume(returning: .failure(.protocolViolation(reason))) }
        channel?.close(promise: nil)
    }

    func connectionLost(_ lost: any Channel) {
        guard channel === lost else { return }
        channel = nil
        for waiter in calls.connectionLost() { waiter.resume(returning: .failure(.connectionLost)) }
        perform(reconnect.connectionLost(hasCalls: calls.count > 0))
    }

    /// Writes the waiting calls until there are none or the channel's buffer is full.
    func writeCalls() {
        guard let channel, channel.isWritable, calls.hasUnwritten else { return }
        while channel.isWritable, let frame = calls.nextToWrite() { channel.write(frame, promise: nil) }
        // Calls that are made in one iteration of the loop share one write.
        guard !isFlushScheduled else { return }
        isFlushScheduled = true
        let core = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute {
            core.value.isFlushScheduled = false
            core.value.channel?.flush()
        }
    }
}

// MARK: Connecting

extension ClientCore {
    private func perform(_ action: ReconnectState.Action) {
        switch action {
        case .none: break
        case .connect: connect()
        case .wait(let longest):
            let core = NIOLoopBound(self, eventLoop: eventLoop)
            let delay = TimeAmount.nanoseconds(Int64.random(in: 0...max(TimeAmount(longest).nanoseconds, 1)))
            eventLoop.scheduleTask(in: delay) {
                core.value.perform(core.value.reconnect.waitElapsed(hasCalls: core.value.calls.count > 0))
            }
        }
    }

    private func connect() {
        let descriptor: Int32
        do throws(SystemError) {
            let socket = try UnixSocket.make()
            try socket.connect(to: path)
            descriptor = socket.release()
        } catch {
            return connectFailed(error)
        }
        let core = NIOLoopBound(self, eventLoop: eventLoop)
        ClientBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ClientConnectionHandler(core: core.value))
                }
            }
            .withConnectedSocket(descriptor)
            .hop(to: eventLoop)
            .whenComplete { result in
                switch result {
                case .success(let channel): core.value.connected(channel)
                case .failure(let error): core.value.connectFailed(error)
                }
            }
    }

    private func connected(_ channel: any Channel) {
        reconnect.connected()
        guard reconnect.phase == .connected else { return channel.close(promise: nil) }
        isOutageLogged = false
        self.channel = channel
        guard channel.isActive else { return connectionLost(channel) }
        writeCalls()
    }

    private func connectFailed(_ error: any Error) {
        if !isOutageLogged {
            isOutageLogged = true
            logger.notice("cannot connect; retrying", metadata: ["path": "\(path)", "error": "\(error)"])
        }
        perform(reconnect.connectionLost(hasCalls: calls.count > 0))
    }
}

// MARK: Deadlines

extension ClientCore {
    /// One timer serves all calls. A response does not change it, so most calls do not set a timer.
    private func setTimer(for deadline: NIODeadline) {
        if let timer {
            guard deadline < timer.deadline else { return }
            timer.task.cancel()
        }
        let core = NIOLoopBound(self, eventLoop: eventLoop)
        let task = eventLoop.scheduleTask(deadline: deadline) { core.value.timerFired() }
        timer = (deadline, task)
    }

    private func timerFired() {
        timer = nil
        for waiter in calls.deadlinesPassed(at: .now()) { waiter.resume(returning: .failure(.deadlineExceeded)) }
        if let deadline = calls.earliestDeadline { setTimer(for: deadline) }
    }
}
