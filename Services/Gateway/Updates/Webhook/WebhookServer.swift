import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceKit
import Wire

/// The HTTP server of the webhook. It runs on the service's event loop and has no thread.
///
/// Use: `bind()`, then `accept()`; `stop()`, then `close()`.
final class WebhookServer: Sendable {
    /// Where it listens.
    enum Listener: Sendable {
        case own(WebhookListener)
        /// A listening socket that systemd handed over; connections wait in it while no gateway runs.
        case inherited(descriptor: Int32)
    }

    /// The state that only the event loop uses.
    private final class Core {
        var listening: (any Channel)?
        var socket: ListeningSocket?
        var connections: [ObjectIdentifier: WebhookConnection] = [:]
        var requestCount = 0
        var isStopped = false
        /// Succeeds when the last connection has ended.
        var emptied: EventLoopPromise<Void>?

        func ended(_ connection: WebhookConnection) {
            connections[ObjectIdentifier(connection)] = nil
            if connections.isEmpty { emptied?.succeed() }
        }
    }

    private let listener: Listener
    private let gate: WebhookGate
    private let answerMax: Duration
    private let eventLoop: any EventLoop
    private let core: NIOLoopBoundBox<Core>

    init(_ listener: Listener, gate: WebhookGate, answerMax: Duration, eventLoop: any EventLoop) {
        self.listener = listener
        self.gate = gate
        self.answerMax = answerMax
        self.eventLoop = eventLoop
        core = .makeBoxSendingValue(Core(), eventLoop: eventLoop)
    }

    /// Listens. Connections wait for `accept()`.
    ///
    /// - Throws: `ConfigurationError` for an inherited socket that other machines can reach; `WireListenError`;
    ///   `IOError`.
    func bind(_ receiver: any WebhookReceiving) async throws {
        let core = core
        switch listener {
        case .own(.path(let path)):
            let socket = try await ListeningSocket.open(.path(path))
            let channel = try await bootstrap(receiver).withBoundSocket(socket.descriptor).get()
            try await eventLoop.submit { (core.value.listening, core.value.socket) = (channel, socket) }.get()
        case .own(.loopback(let host, let port)):
            let channel = try await bootstrap(receiver).bind(host: host, port: port).get()
            try await eventLoop.submit { core.value.listening = channel }.get()
        case .inherited(let descriptor):
            let channel = try await bootstrap(receiver).withBoundSocket(descriptor).get()
            guard Self.isLocal(channel.localAddress) else {
                try await channel.close()
                throw ConfigurationError(
                    name: "rivet-webhook.socket",
                    accepted: "its ListenStream= is neither a path nor a loopback address, and others could reach it")
            }
            try await eventLoop.submit { core.value.listening = channel }.get()
        }
    }

    private static func isLocal(_ address: SocketAddress?) -> Bool {
        switch address {
        case .unixDomainSocket: true
        case .v4: address?.ipAddress?.hasPrefix("127.") == true
        case .v6: address?.ipAddress == "::1"
        case nil: false
        }
    }

    private func bootstrap(_ receiver: any WebhookReceiving) -> ServerBootstrap {
        let (core, gate, answerMax) = (core, gate, answerMax)
        return ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let core = core.value
                    guard core.connections.count < WebhookLimits.connectionsMax, !core.isStopped else {
                        throw ChannelError.eof
                    }
                    let connection = WebhookConnection(
                        gate: gate, receiver: receiver, answerMax: answerMax,
                        nextRequest: {
                            core.requestCount += 1
                            return core.requestCount
                        }, ended: { core.ended($0) })
                    let pipeline = channel.pipeline.syncOperations
                    // The pipelining handler would stop reading while a response is due, and not see a disconnect.
                    try pipeline.configureHTTPServerPipeline(
                        withPipeliningAssistance: false, withErrorHandling: true)
                    try pipeline.addHandler(connection)
                    core.connections[ObjectIdentifier(connection)] = connection
                }
            }
    }

    /// Starts to accept connections.
    func accept() {
        let core = core
        eventLoop.execute { _ = core.value.listening?.setOption(.autoRead, value: true) }
    }

    /// Accepts no more connections. Responses that are due are still sent, and a client that has just connected may
    /// still send a request.
    func stop() {
        let core = core
        eventLoop.execute {
            core.value.isStopped = true
            core.value.listening?.close(promise: nil)
            core.value.socket?.removeFile()
            for connection in core.value.connections.values { connection.stop() }
        }
    }

    /// Stops, and closes all connections when the last response was sent, at the latest after `deadline`.
    func close(within deadline: Duration) async {
        stop()
        let (core, eventLoop) = (core, eventLoop)
        try? await eventLoop.flatSubmit {
            let emptied = eventLoop.makePromise(of: Void.self)
            if core.value.connections.isEmpty {
                emptied.succeed()
            } else {
                core.value.emptied = emptied
                eventLoop.scheduleTask(in: TimeAmount(deadline)) { emptied.succeed() }
            }
            return emptied.futureResult
        }.get()
        try? await eventLoop.submit {
            for connection in core.value.connections.values { connection.close() }
        }.get()
    }
}
