import Contracts
import NIOCore

/// One connection of a client: decodes bytes into messages and reports each event to the client's core.
///
/// Used on the event loop only.
final class ClientConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let core: ClientCore
    private var decoder = FrameDecoder()
    private var isBroken = false

    init(core: ClientCore) { self.core = core }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isBroken else { return }
        decoder.bytesReceived(unwrapInboundIn(data))
        do {
            while let frame = try decoder.nextFrame() { core.messageReceived(try RPCMessage(parsing: frame)) }
        } catch {
            isBroken = true
            let reason = (error as? InvalidMessage)?.error.message ?? "\(error)"
            core.violationFound("the peer's response: \(reason)")
            context.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { core.writeCalls() }
    }

    func channelInactive(context: ChannelHandlerContext) { core.connectionLost(context.channel) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
