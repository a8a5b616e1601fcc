import NIOCore
import NIOHTTP1

/// One connection of the webhook's server: one request at a time, each with a time limit.
final class WebhookConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        /// Between two requests.
        case idle
        case reading(body: [UInt8])
        /// The rest of the request is discarded, and then the response is sent.
        case refusing(WebhookAnswer)
        case waiting
        /// The response is sent; the rest of the request is discarded, so that the client gets to read the response.
        case draining
        /// The last response was sent, or the connection is closed.
        case closing
    }

    private let gate: WebhookGate
    private let receiver: any WebhookReceiving
    private let answerMax: Duration
    private let nextRequest: () -> Int
    private let ended: (WebhookConnection) -> Void
    private var context: ChannelHandlerContext?
    private var state = State.idle
    private var request = 0
    private var isKeptAlive = false
    private var hasReceivedRequest = false
    private var isStopped = false
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - nextRequest: returns the number of the next request.
    ///   - ended: called when the connection is gone.
    init(
        gate: WebhookGate, receiver: any WebhookReceiving, answerMax: Duration, nextRequest: @escaping () -> Int,
        ended: @escaping (WebhookConnection) -> Void
    ) {
        self.gate = gate
        self.receiver = receiver
        self.answerMax = answerMax
        self.nextRequest = nextRequest
        self.ended = ended
    }

    /// Accepts no other request: closes now, or after the response that is due. A client that has connected and sent no
    /// request yet is about to send one: it may send that one, and gets a response.
    func stop() {
        isStopped = true
        isKeptAlive = false
        if case .idle = state, hasReceivedRequest { close() }
    }

    /// Closes at once, even if a response is due.
    func close() {
        if case .waiting = state { receiver.ended(request: request) }
        state = .closing
        context?.close(promise: nil)
    }

    // MARK: - Events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelActive(context: ChannelHandlerContext) {
        restartTimer(WebhookLimits.idleMax) { $0.close() }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        if case .waiting = state { receiver.ended(request: request) }
        state = .closing
        self.context = nil
        ended(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): headReceived(head)
        case .body(let buffer): bodyReceived(buffer)
        case .end: endReceived()
        }
    }

    private func headReceived(_ head: HTTPRequestHead) {
        // No known client sends its next request before the response.
        guard case .idle = state else { return close() }
        hasReceivedRequest = true
        isKeptAlive = head.isKeepAlive && !isStopped
        restartTimer(WebhookLimits.requestMax) { $0.close() }
        let refusal = gate.refusal(
            method: head.method.rawValue, target: head.uri, secrets: head.headers[WebhookGate.secretHeader],
            bodyBytes: head.headers.first(name: "content-length").flatMap { Int($0) })
        guard let refusal else {
            state = .reading(body: [])
            return
        }
        refuse(refusal)
    }

    private func bodyReceived(_ buffer: ByteBuffer) {
        guard case .reading(var body) = state else { return }
        // The state must not share `body`: it would be copied when it grows.
        state = .closing
        guard body.count + buffer.readableBytes <= WebhookLimits.bodyBytesMax else { return refuse(.tooLarge) }
        body.append(contentsOf: buffer.readableBytesView)
        state = .reading(body: body)
    }

    private func refuse(_ answer: WebhookAnswer) {
        receiver.refused(answer)
        state = .refusing(answer)
        // Do not wait for a body that is larger than the limit.
        if answer == .tooLarge { write(answer) }
    }

    private func endReceived() {
        switch state {
        case .refusing(let answer): write(answer)
        case .reading(let body): deliver(body)
        case .draining: close()
        case .idle, .waiting, .closing: break
        }
    }

    private func deliver(_ body: [UInt8]) {
        guard let context else { return }
        request = nextRequest()
        state = .waiting
        let (number, connection) = (request, NIOLoopBound(self, eventLoop: context.eventLoop))
        let eventLoop = context.eventLoop
        let answer = receiver.received(body, request: number) { answer in
            eventLoop.execute { connection.value.answered(answer, to: number) }
        }
        if let answer { return write(answer) }
        restartTimer(answerMax) { connection in
            connection.receiver.ended(request: connection.request)
            connection.write(.tryAgain)
        }
    }

    private func answered(_ answer: WebhookAnswer, to number: Int) {
        guard case .waiting = state, number == request else { return }
        write(answer)
    }

    // MARK: - Responses

    private func write(_ answer: WebhookAnswer) {
        guard let context else { return }
        var headers = HTTPHeaders([("content-length", "0")])
        if answer == .unknownMethod { headers.add(name: "allow", value: "POST") }
        let isUnread = answer == .tooLarge
        if !isKeptAlive || isUnread { headers.add(name: "connection", value: "close") }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: answer.rawValue), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if isUnread {
            state = .draining
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        } else if !isKeptAlive {
            state = .closing
            let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in connection.value.close() }
        } else {
            state = .idle
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            restartTimer(WebhookLimits.idleMax) { $0.close() }
        }
    }

    private func restartTimer(_ duration: Duration, _ body: @escaping @Sendable (WebhookConnection) -> Void) {
        timer?.cancel()
        guard let context else { return }
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: TimeAmount(duration)) { body(connection.value) }
    }
}
