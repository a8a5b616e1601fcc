import Contracts
import NIOCore
import NIOHTTP1
import NIOPosix

/// The route by which the simulated Telegram reaches the bot, in place of the network and the TLS before the bot's
/// receiver or proxy.
public enum WebhookRoute: Sendable {
    case unixSocket(String)
    /// A port of 127.0.0.1.
    case port(Int)
}

/// A connection to the webhook's receiver, kept open between requests as Telegram keeps it.
final class WebhookClient: Sendable {
    struct Response: Sendable {
        var status: Int
        var isKeptAlive: Bool
    }

    private let channel: any Channel
    private let handler: NIOLoopBound<Handler>

    private init(_ channel: any Channel, _ handler: NIOLoopBound<Handler>) {
        self.channel = channel
        self.handler = handler
    }

    var isOpen: Bool { channel.isActive }

    static func connect(over route: WebhookRoute) async throws -> WebhookClient {
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.seconds(10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(Handler())
                }
            }
        let channel: any Channel
        switch route {
        case .unixSocket(let path): channel = try await bootstrap.connect(unixDomainSocketPath: path).get()
        case .port(let port): channel = try await bootstrap.connect(host: "127.0.0.1", port: port).get()
        }
        let handler = try await channel.eventLoop.submit {
            NIOLoopBound(
                try channel.pipeline.syncOperations.handler(type: Handler.self), eventLoop: channel.eventLoop)
        }.get()
        return WebhookClient(channel, handler)
    }

    /// Sends `delivery` and waits for the response.
    /// - Throws: `ChannelError` if the connection ends first, or no response comes within `timeout`.
    func post(_ delivery: WebhookDelivery, timeout: Duration) async throws -> Response {
        let handler = handler
        return try await channel.eventLoop.flatSubmit { handler.value.send(delivery, timeout: timeout) }.get()
    }

    func close() { channel.close(promise: nil) }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPClientResponsePart
        typealias OutboundOut = HTTPClientRequestPart

        private var context: ChannelHandlerContext?
        private var waiting: EventLoopPromise<Response>?
        private var response: Response?
        private var timer: Scheduled<Void>?

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }

        func send(_ delivery: WebhookDelivery, timeout: Duration) -> EventLoopFuture<Response> {
            guard let context, context.channel.isActive else {
                return MultiThreadedEventLoopGroup.singleton.any().makeFailedFuture(ChannelError.ioOnClosedChannel)
            }
            let promise = context.eventLoop.makePromise(of: Response.self)
            waiting = promise
            let address = delivery.url.dropFirst("https://".count)
            let host = address.prefix { $0 != "/" }
            let path = address.dropFirst(host.count)
            let body = ByteBuffer(bytes: delivery.update.serialized())
            var headers = HTTPHeaders([
                ("host", String(host)), ("content-type", "application/json"),
                ("content-length", String(body.readableBytes)), ("connection", "keep-alive"),
            ])
            if let secret = delivery.secret { headers.add(name: "X-Telegram-Bot-Api-Secret-Token", value: secret) }
            let head = HTTPRequestHead(
                version: .http1_1, method: .POST, uri: path.isEmpty ? "/" : String(path), headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            timer = context.eventLoop.scheduleTask(in: TimeAmount(timeout)) {
                bound.value.context?.close(promise: nil)
            }
            return promise.futureResult
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                response = Response(status: Int(head.status.code), isKeptAlive: head.isKeepAlive)
            case .body: break
            case .end:
                timer?.cancel()
                guard let response else { return }
                self.response = nil
                waiting?.succeed(response)
                waiting = nil
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

        func channelInactive(context: ChannelHandlerContext) {
            timer?.cancel()
            self.context = nil
            waiting?.fail(ChannelError.eof)
            waiting = nil
            context.fireChannelInactive()
        }
    }
}
