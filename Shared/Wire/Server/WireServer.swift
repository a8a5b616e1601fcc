public import Logging
public import NIOCore

/// Serves JSON-RPC calls over a Unix stream socket.
///
/// What holds, whatever its clients do: memory is bounded (`WireLimits`), no client costs another one's time for more
/// than a turn of `framesPerTurnMax` calls, and no byte is read from a user who may not call.
///
/// Use: `bind()`, then `run()`, which returns after `shutdown()`.
public final class WireServer: Sendable {
    private let environment: ServerEnvironment
    private let listener: WireListener
    private let core: NIOLoopBoundBox<ServerCore>
    private let finished: EventLoopFuture<Void>

    /// Bounds; the defaults are those of `WireLimits`.
    public struct Configuration: Sendable {
        public var callsInFlightMax = WireLimits.callsInFlightMax
        public var connectionsMax = WireLimits.connectionsMax
        public var inboundBytesMax = WireLimits.inboundBytesMax
        public var frameTimeout = WireLimits.frameTimeout
        public var stallTimeout = WireLimits.stallTimeout
        public var lingerTimeout = WireLimits.lingerTimeout
        public var shutdownTimeout = WireLimits.shutdownTimeout

        public init() {}

        func time(for purpose: ServerConnectionState.TimerPurpose) -> Duration {
            switch purpose {
            case .frame: frameTimeout
            case .stall: stallTimeout
            case .linger: lingerTimeout
            }
        }
    }

    /// - Parameter eventLoop: of a `MultiThreadedEventLoopGroup`; the server and its handler's code run on it.
    public init(
        listener: WireListener, handler: any CallHandler, eventLoop: any EventLoop, logger: Logger,
        configuration: Configuration = Configuration()
    ) {
        self.listener = listener
        environment = ServerEnvironment(
            eventLoop: eventLoop, executor: EventLoopTaskExecutor(eventLoop), configuration: configuration,
            handler: handler, counters: LiveCounters(), logger: logger)
        let finished = eventLoop.makePromise(of: Void.self)
        self.finished = finished.futureResult
        core = .makeBoxSendingValue(ServerCore(environment: environment, finished: finished), eventLoop: eventLoop)
    }

    /// What was counted so far; from any thread.
    public var counters: WireCounters { environment.counters.snapshot }

    /// Returns when the event loop, on which calls are answered, has come to it.
    public func pulse() async { try? await environment.eventLoop.submit {}.get() }

    /// Binds and listens. When it returns, clients can connect.
    ///
    /// A socket file that nobody listens on is replaced. A new file has mode 0660 from its first moment.
    /// - Throws: `WireListenError`; nothing is left behind then. Call it once.
    public func bind() async throws {
        let socket = try await ListeningSocket.open(listener)
        let core = core
        try await environment.eventLoop.flatSubmit { core.value.listen(on: socket) }.get()
    }

    /// Returns when a shutdown is complete. Cancellation begins one.
    ///
    /// - Throws: When the listening socket failed.
    public func run() async throws {
        try await withTaskCancellationHandler {
            try await finished.get()
        } onCancel: {
            shutdown()
        }
    }

    /// Stops accepting and reading, answers the calls that were taken, and closes; from any thread, and at once: `run()`
    /// returns when it is done, at the latest after `configuration.shutdownTimeout`.
    ///
    /// The file of a `.path` listener is removed, unless it is another process's by now.
    public func shutdown() {
        let core = core
        let timeout = environment.configuration.shutdownTimeout
        environment.eventLoop.execute { core.value.shutdown(within: timeout) }
    }
}
