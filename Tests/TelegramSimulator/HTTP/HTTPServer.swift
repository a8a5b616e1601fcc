import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// HTTP/1.1 on 127.0.0.1: reads requests, passes them to its handler, writes the responses. One task for each
/// connection.
struct HTTPServer: Sendable {
    typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    /// Responds to requests; the simulator.
    protocol Handler: Sendable {
        /// The number of a new connection; it is not used twice.
        func connectionOpened() async -> Int
        /// The head of a request has arrived over the connection with that number.
        func headArrived(_ route: Route, connection: Int) async -> Arrival
        /// The request is complete.
        func respond(to request: ReceivedRequest, _ arrival: Arrival) async -> HTTPResponse
        /// The connection is closed, so no response can be sent over it.
        func connectionLost(_ connection: Int) async
    }

    /// A request of which only the head has arrived.
    struct Arrival: Sendable {
        let route: Route
        let call: CallID
        let fault: SimulatedFault?
    }

    /// A connection that was accepted and is not served yet; closed if it never is.
    ///
    /// It is not a `Connection` from the start: one that arrives while the server stops is dropped unserved, and a
    /// `NIOAsyncChannel` traps when it is dropped like that.
    private final class Accepted: Sendable {
        private let channel: any Channel
        private let wasTaken = Atomic(false)

        init(_ channel: any Channel) { self.channel = channel }

        deinit { if !wasTaken.load(ordering: .relaxed) { channel.close(promise: nil) } }

        /// The connection, which reads from now on. Call it once.
        func take() async throws -> Connection {
            wasTaken.store(true, ordering: .relaxed)
            let channel = channel
            return try await channel.eventLoop.submit {
                guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
                let connection = try Connection(wrappingChannelSynchronously: channel)
                channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
                return connection
            }.get()
        }
    }

    private let channel: NIOAsyncChannel<Accepted, Never>

    var port: Int { channel.channel.localAddress?.port ?? 0 }

    /// Linux gives these ports to no outgoing connection (its range begins at 32768), so one of them can be bound
    /// again.
    private static let lastingPorts = 12_000..<32_000

    /// Binds 127.0.0.1; `port` 0 chooses a free one that will be free again after a stop.
    static func bind(port: Int) async throws -> HTTPServer {
        guard port == 0 else { return try await bind(to: port) }
        for _ in 0..<20 {
            if let server = try? await bind(to: Int.random(in: lastingPorts)) { return server }
        }
        return try await bind(to: 0)
    }

    private static func bind(to port: Int) async throws -> HTTPServer {
        HTTPServer(channel: try await bootstrap.bind(host: "127.0.0.1", port: port) { accept($0) })
    }

    /// Adopts a socket that is already bound.
    static func adopt(_ descriptor: Int32) async throws -> HTTPServer {
        HTTPServer(channel: try await bootstrap.bind(descriptor) { accept($0) })
    }

    private static var bootstrap: ServerBootstrap {
        ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
    }

    private static func accept(_ channel: any Channel) -> EventLoopFuture<Accepted> {
        channel.eventLoop.makeCompletedFuture {
            // The pipelining handler stops reading while a response is due, and would not notice that a client has
            // gone.
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(withPipeliningAssistance: false)
            return Accepted(channel)
        }
    }

    /// Serves until the task is canceled; then every connection is closed.
    func run(_ handler: some Handler) async {
        try? await channel.executeThenClose { connections in
            try await withThrowingDiscardingTaskGroup { group in
                for try await accepted in connections {
                    group.addTask {
                        // The connection may already be broken.
                        guard let connection = try? await accepted.take() else { return }
                        await Self.serve(connection, handler)
                    }
                }
            }
        }
        // After an error, such as a cancellation, `executeThenClose` does not wait until the port is free again.
        try? await channel.channel.closeFuture.get()
    }

    private static func serve(_ connection: Connection, _ handler: some Handler) async {
        let number = await handler.connectionOpened()
        connection.channel.closeFuture.whenComplete { _ in Task { await handler.connectionLost(number) } }
        // Errors here are broken connections, which a client may cause at any time; nothing needs to be done.
        try? await connection.executeThenClose { inbound, outbound in
            var parts = inbound.makeAsyncIterator()
            while case .head(let head)? = try await parts.next() {
                let route = Route(path: ReceivedRequest(head: head, body: []).path)
                let arrival = await handler.headArrived(route, connection: number)
                if arrival.fault == .closeBeforeReading { return }
                var body: [UInt8] = []
                while case .body(let buffer)? = try await parts.next() {
                    body.append(contentsOf: buffer.readableBytesView)
                    guard body.count <= ReceivedRequest.bodyBytesMax else { return }
                }
                let response = await handler.respond(to: ReceivedRequest(head: head, body: body), arrival)
                guard try await write(response, to: outbound, version: head.version), head.isKeepAlive else { return }
            }
        }
    }

    /// - Returns: whether the connection stays open.
    private static func write(
        _ response: HTTPResponse, to outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>,
        version: HTTPVersion
    ) async throws -> Bool {
        if response.delivery == .none { return false }
        try await outbound.write(.head(response.head(version: version)))
        let isWhole = response.delivery == .whole
        let body = isWhole ? response.body[...] : response.body.prefix(response.body.count / 2)
        try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: body))))
        guard isWhole else { return false }
        try await outbound.write(.end(nil))
        return true
    }
}
