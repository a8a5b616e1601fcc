public import Contracts
public import Logging
public import NIOCore
import Synchronization

/// Calls the methods of one service over one connection, on which many calls may be in flight.
///
/// It connects with the first call and keeps an idle connection open. While calls wait, it reconnects, with growing
/// random waits. A restart of the service delays a call but does not fail it: idempotent calls that were written are
/// repeated, and calls that were not written are written later, until their deadlines.
public final class WireClient: Sendable {
    private let eventLoop: any EventLoop
    private let core: NIOLoopBoundBox<ClientCore>
    private let lastID = Atomic<Int64>(0)
    private let isPathTooLong: Bool

    /// - Parameter eventLoop: of a `MultiThreadedEventLoopGroup`.
    public init(path: String, eventLoop: any EventLoop, logger: Logger) {
        self.eventLoop = eventLoop
        isPathTooLong = path.utf8.count > WireLimits.socketPathBytesMax
        core = .makeBoxSendingValue(
            ClientCore(path: path, eventLoop: eventLoop, logger: logger), eventLoop: eventLoop)
    }

    /// The result of `method`.
    ///
    /// Order: calls that one task makes on the client's event loop are written in that order.
    /// Cancellation: throws `.shutDown` soon. The call may take effect, its response is dropped, other calls continue.
    /// - Parameter isIdempotent: whether the service may get the request twice. A request that is not idempotent is
    ///   written at most once.
    /// - Parameter deadline: how long to wait, connecting and repeating included.
    /// - Throws: `.remote` with the service's error, or the reason why there is no response.
    public func call(
        _ method: String, _ params: [String: JSONValue] = [:], isIdempotent: Bool = true, deadline: Duration
    ) async throws(WireError) -> JSONValue {
        guard !isPathTooLong else {
            throw .protocolViolation("the socket path has more than \(WireLimits.socketPathBytesMax) bytes")
        }
        let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
        guard let frame = FrameEncoder.request(id: RequestID(id), method: method, params: params) else {
            throw .protocolViolation("the request has more than \(WireLimits.frameBytesMax) bytes")
        }
        let end = NIODeadline.now() + TimeAmount(deadline)
        let cancellation = Cancellation()
        let outcome: ClientCore.Outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let entry = CallTable.Entry(waiter: waiter, frame: frame, isIdempotent: isIdempotent, deadline: end)
                onEventLoop { core in
                    // A cancellation may run before this. It then finds no call in the core, so check the flag.
                    if cancellation.isCancelled { return waiter.resume(returning: .failure(.shutDown)) }
                    core.submit(id, entry)
                }
            }
        } onCancel: {
            cancellation.cancel()
            onEventLoop { $0.cancel(id) }
        }
        return try outcome.get()
    }

    /// Fails all current and later calls with `.shutDown`, and closes the connection.
    public func shutdown() async {
        let core = core
        // A close that fails still closes the connection.
        try? await eventLoop.flatSubmit { core.value.shutdown() }.get()
    }

    private func onEventLoop(_ body: @escaping @Sendable (ClientCore) -> Void) {
        let core = core
        if eventLoop.inEventLoop {
            body(core.value)
        } else {
            eventLoop.execute { body(core.value) }
        }
    }
}

/// Whether the task of a call was cancelled. The event loop sees it even if the cancellation comes before the call.
private final class Cancellation: Sendable {
    private let flag = Atomic(false)

    var isCancelled: Bool { flag.load(ordering: .acquiring) }
    func cancel() { flag.store(true, ordering: .releasing) }
}
