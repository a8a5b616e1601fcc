public import Logging
public import NIOCore

/// Serves JSON-RPC calls over a Unix stream socket.
///
/// Guaranteed for any behavior of the clients: memory is bounded (`WireLimits`), a client delays the others by at most
/// `framesPerTurnMax` calls at a time, and no byte is read from a user who may not call.
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

    /// - Parameter eventLoop: of a `MultiThreadedEventLoopGroup`; the server and its handler run on it.
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

    /// The counters so far. May be called from any thread.
    public var counters: WireCounters { environment.counters.snapshot }

    /// Returns when the event loop that serves the calls has run a task, which shows that the loop is alive.
    public func pulse() async { try? await environment.eventLoop.submit {}.get() }

    /// Binds and listens. When it returns, clients can connect.
    ///
    /// A stale socket file, on which no process listens, is replaced. A new file has mode 0660 from the start. Call it
    /// once.
    /// - Throws: `WireListenError`; then nothing is left behind.
    public func bind() async throws {
        let socket = try await ListeningSocket.open(listener)
        let core = core
        try await environment.eventLoop.flatSubmit { core.value.listen(on: socket) }.get()
    }

    /// Returns when a shutdown is complete. Cancellation begins a shutdown.
    ///
    /// - Throws: When the listening socket failed.
    public func run() async throws {
        try await withTaskCancellationHandler {
            try await finished.get()
        } onCancel: {
            shutdown()
        }
    }

    /// Begins a shutdown: the server stops accepting and reading, sends the responses to the calls that were begun, and
    /// closes. May be called from any thread and returns at once. `run()` returns when the shutdown is done, at the
    /// latest after `configuration.shutdownTimeout`.
    ///
    /// The file of a `.path` listener is removed, unless another process has replaced it.
    public func shutdown() {
        let core = core
        let timeout = environment.configuration.shutdownTimeout
        environment.eventLoop.execute { core.value.shutdown(within: timeout) }
    }
}
