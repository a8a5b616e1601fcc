private import Synchronization

/// HTTP over libcurl, on one thread of its own that sleeps while nothing happens.
///
/// Connections are kept and reused, each for one request at a time. Safe to use from any task. When the last
/// reference goes, requests in flight end with `.transportShutDown` and the thread ends.
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

    /// Ends every request in flight and refuses further ones. Does not wait.
    public func shutDown() { loop.close() }
}

/// The bounds of a ``CurlTransport``.
public struct CurlLimits: Sendable, Equatable {
    public var responseBytesMax = 8 << 20
    public var connectTimeout: Duration = .seconds(10)
    /// Requests accepted and not yet ended; more are refused as not sent.
    public var requestsMax = 4_096
    /// Asks for HTTP/2 where the server has it. Off: with libcurl 7.88 and nghttp2 1.52 (Debian 12) a strict server ended each HTTP/2
    /// connection after 1,000 requests, with one unknown outcome; HTTP/1.1 had none, at half the latency and half the CPU time.
    public var prefersHTTP2 = false
    /// Connections to one server; requests beyond it wait inside libcurl, and their time-out runs.
    public var connectionsMax = 64
    /// An unused connection is asked for a sign of life after this time.
    public var keepAliveAfter: Duration = .seconds(30)
    /// A connection whose peer acknowledged nothing for this long is dead.
    public var unacknowledgedMax: Duration = .seconds(20)

    public init() {}
}

/// A request on its way to the loop's thread.
struct CurlSubmission: Sendable {
    let id: UInt64
    let request: HTTPRequest
    let continuation: CheckedContinuation<HTTPOutcome, Never>
}
