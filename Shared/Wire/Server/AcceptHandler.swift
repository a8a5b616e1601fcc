import Logging
import NIOCore

/// Asks the listening channel for connections. Pauses when the process has no file descriptors left, since the channel
/// would otherwise report that in a tight loop.
final class AcceptHandler: ChannelInboundHandler {
    typealias InboundIn = Channel

    private let onFailure: (any Error) -> Void
    private var isPaused = false

    init(onFailure: @escaping (any Error) -> Void) { self.onFailure = onFailure }

    func channelActive(context: ChannelHandlerContext) {
        context.read()
        context.fireChannelActive()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !isPaused { context.read() }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        onFailure(error)
        guard !isPaused else { return }
        isPaused = true
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: TimeAmount(WireLimits.acceptRetryDelay)) {
            bound.value.handler.isPaused = false
            bound.value.context.read()
        }
    }
}
