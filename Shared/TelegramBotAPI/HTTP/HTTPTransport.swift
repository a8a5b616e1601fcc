/// What carries requests to the Bot API server: libcurl in production (``CurlTransport``), a script in tests, a simulated
/// network under virtual time.
public protocol HTTPTransport: Sendable {
    /// Carries `request` out once and says how it ended. Never throws: every end is an ``HTTPOutcome``.
    ///
    /// Cancellation of the calling task ends the call soon with reason `.cancelled`; whether the request had been written by then is
    /// told by the case.
    func send(_ request: HTTPRequest) async -> HTTPOutcome
}
