private import Synchronization

/// HTTP over libcurl, on a separate thread that sleeps while it has no work.
///
/// Connections are kept and reused, each for one request at a time. Safe to use from any task. When the transport is
/// deallocated, requests in flight end with `.transportShutDown` and the thread ends.
public final class CurlTransport: HTTPTransport {
    private let loop: CurlLoop
    private let lastID = Atomic<UInt64>(0)

    public init(limits: CurlLimits = CurlLimits()) {
        loop = CurlLoop(limits: limits)
        loop.startThread()
    }

    deinit { loop.close() }

    public func send(_ request: HTTPRequest) async -> HTTPOutcome {
        let id = lastID.wrappingAdd(1, ordering: .relaxed).newValue
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.submit(CurlSubmission(id: id, request: request, continuation: continuation))
            }
        } onCancel: {
            loop.cancel(id)
        }
    }

    /// Ends all requests in flight and rejects further ones. Does not wait.
    public func shutDown() { loop.close() }
}

/// The bounds of a ``CurlTransport``.
public struct CurlLimits: Sendable, Equatable {
    public var responseBytesMax = 8 << 20
    public var connectTimeout: Duration = .seconds(10)
    /// Requests accepted and not ended. Further ones are rejected as `.notSent`.
    public var requestsMax = 4_096
    /// Uses HTTP/2 if the server supports it. Off, for this reason: with libcurl 7.88 and nghttp2 1.52 (Debian 12) a
    /// strict server ended each HTTP/2 connection after 1,000 requests, each time with one unknown outcome. HTTP/1.1
    /// had none, at half the latency and half the CPU time.
    public var prefersHTTP2 = false
    /// Connections to one server. Requests beyond it wait inside libcurl, while their time-out already runs.
    public var connectionsMax = 64
    /// After this idle time the kernel sends TCP keep-alive probes on a connection.
    public var keepAliveAfter: Duration = .seconds(30)
    /// A connection counts as dead when its peer has acknowledged nothing for this long.
    public var unacknowledgedMax: Duration = .seconds(20)

    public init() {}
}

/// A request on its way to the loop's thread.
struct CurlSubmission: Sendable {
    let id: UInt64
    let request: HTTPRequest
    let continuation: CheckedContinuation<HTTPOutcome, Never>
}
