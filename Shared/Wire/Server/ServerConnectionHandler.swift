import Contracts
import Logging
import NIOCore

/// One connection of a server: passes the channel's events to its state and performs the state's actions.
///
/// Used on the event loop only.
final class ServerConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// When this connection last became idle; before its first call, when it was accepted.
    private(set) var idleSince = NIODeadline.now()
    private let peer: PeerCredentials
    private let environment: ServerEnvironment
    /// Received bytes that are buffered, as last reported to the server.
    private(set) var bufferedBytes = 0
    private let server: ServerCore
    private var state: ServerConnectionState
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var isPerforming = false
    private var hasUnflushedAnswers = false
    private var isFlushScheduled = false

    init(
        peer: PeerCredentials, environment: ServerEnvironment, server: ServerCore
    ) {
        self.peer = peer
        self.environment = environment
        self.server = server
        state = ServerConnectionState(callsInFlightMax: environment.configuration.callsInFlightMax)
    }

    /// Whether closing the connection now would lose no response.
    var isIdle: Bool { state.isIdle }

    func evict() {
        state.evicted()
        perform()
    }

    func beginShutdown() {
        state.shutdownBegan()
        perform()
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { perform() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        state.bytesReceived(unwrapInboundIn(data))
        perform()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        state.readCompleted()
        perform()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        state.writabilityChanged(to: context.channel.isWritable)
        perform()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent {
            state.inputClosed()
            perform()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) {
        state.connectionClosed()
        perform()
    }
}

/// A call that the handler is working on.
private struct BegunCall: Sendable {
    /// Nil for a notification.
    let id: RequestID?
    let method: String
    let readAt: NIODeadline
}

// MARK: Actions

extension ServerConnectionHandler {
    /// Performs the actions that the state asks for. The same loop handles the events that these cause, such as a
    /// change of writability, so the depth of the stack does not grow with the number of frames.
    private func perform() {
        guard let context, !isPerforming else { return }
        isPerforming = true
        performAll(context)
        isPerforming = false
        let difference = state.bufferedBytes - bufferedBytes
        guard difference != 0 else { return }
        bufferedBytes += difference
        server.bufferedBytesChanged(by: difference)
    }

    private func performAll(_ context: ChannelHandlerContext) {
        while true {
            while let action = state.nextAction() { perform(action, context) }
            // Responses of one pass share one flush.
            guard hasUnflushedAnswers, !isFlushScheduled else { return }
            hasUnflushedAnswers = false
            context.flush()
        }
    }

    private func perform(_ action: ServerConnectionState.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .begin(let id, let method, let params): begin(id: id, method: method, params: params)
        case .answer(let id, let error):
            environment.counters.protocolErrors.increment()
            write(.failure(error), to: id)
        case .read: context.read()
        case .yield: onEventLoop { $0.state.turnBegan() }
        case .setTimer(let purpose): setTimer(purpose)
        case .flushOutput: flushOutput(context)
        case .closeOutput: context.close(mode: .output, promise: nil)
        case .close: context.close(promise: nil)
        }
    }

    private func begin(id: RequestID?, method: String, params: [String: JSONValue]) {
        environment.counters.calls.increment()
        let call = BegunCall(id: id, method: method, readAt: .now())
        switch environment.handler.begin(Call(method: method, params: params, peer: peer)) {
        case .now(let outcome): finish(call, outcome)
        case .later(let body):
            let handler = NIOLoopBound(self, eventLoop: environment.eventLoop)
            Task(executorPreference: environment.executor) {
                let outcome = await body()
                handler.value.finishLater(call, outcome)
            }
        }
    }

    private func finishLater(_ call: BegunCall, _ outcome: Result<JSONValue, RPCError>) {
        // Calls that finish in one iteration of the loop, such as those that shared a commit, share one write.
        if !isFlushScheduled {
            isFlushScheduled = true
            onEventLoop { $0.isFlushScheduled = false }
        }
        finish(call, outcome)
        perform()
    }

    private func finish(_ call: BegunCall, _ outcome: Result<JSONValue, RPCError>) {
        state.callFinished()
        let isWritten = call.id.map { write(outcome, to: $0) } ?? false
        let now = NIODeadline.now()
        if state.isIdle { idleSince = now }
        if isWritten {
            environment.handler.answered(call.method, afterNanoseconds: (now - call.readAt).nanoseconds)
        }
    }

    /// Writes a response; returns false when the connection is closed.
    @discardableResult
    private func write(_ outcome: Result<JSONValue, RPCError>, to id: RequestID) -> Bool {
        guard let context, context.channel.isActive else { return false }
        context.write(wrapOutboundOut(FrameEncoder.response(to: id, outcome)), promise: nil)
        hasUnflushedAnswers = true
        return true
    }

    private func flushOutput(_ context: ChannelHandlerContext) {
        hasUnflushedAnswers = false
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        // A write that fails ends the connection too, so success and failure are handled alike.
        context.writeAndFlush(wrapOutboundOut(ByteBuffer())).whenComplete { _ in
            handler.value.state.outputFlushed()
            handler.value.perform()
        }
    }

    private func setTimer(_ purpose: ServerConnectionState.TimerPurpose?) {
        timer?.cancel()
        timer = nil
        guard let purpose else { return }
        let handler = NIOLoopBound(self, eventLoop: environment.eventLoop)
        timer = environment.eventLoop.scheduleTask(in: TimeAmount(environment.configuration.time(for: purpose))) {
            handler.value.state.timerFired()
            handler.value.perform()
        }
    }

    /// Applies `event` after the loop's current work, then performs the actions that follow from it.
    private func onEventLoop(_ event: @escaping @Sendable (ServerConnectionHandler) -> Void) {
        let handler = NIOLoopBound(self, eventLoop: environment.eventLoop)
        environment.eventLoop.execute {
            event(handler.value)
            handler.value.perform()
        }
    }
}
