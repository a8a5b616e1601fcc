/// Carries requests to the Bot API server: libcurl in production (``CurlTransport``), a script in tests, or a simulated
/// network with virtual time.
public protocol HTTPTransport: Sendable {
    /// Performs `request` once and returns how it ended. Never throws: every end is an ``HTTPOutcome``.
    ///
    /// If the calling task is cancelled, the call ends soon with the reason `.cancelled`. The case of the outcome says
    /// whether a part of the request had been written.
    func send(_ request: HTTPRequest) async -> HTTPOutcome
}
