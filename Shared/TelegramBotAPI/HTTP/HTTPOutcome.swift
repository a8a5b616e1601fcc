/// How a request ended, told apart by what the server can have seen of it.
public enum HTTPOutcome: Sendable, Equatable {
    /// The server answered, with whatever status.
    case response(status: Int, body: [UInt8])
    /// Not one byte of the request left this process: doing it again cannot do it twice.
    case notSent(HTTPFailure)
    /// Something of the request was written and no whole answer came back: it may or may not have taken effect.
    case outcomeUnknown(HTTPFailure)
}

/// Why there is no answer.
public struct HTTPFailure: Error, Sendable, Equatable {
    public enum Reason: String, Sendable, CaseIterable {
        case cannotResolve = "the name cannot be resolved"
        case cannotConnect = "no connection"
        case tlsFailed = "TLS failed"
        case timedOut = "timed out"
        case interrupted = "the connection broke"
        case responseTooLarge = "the answer is too large"
        case invalidURL = "the URL is not valid"
        case cancelled = "cancelled"
        case tooManyRequestsInFlight = "too many requests in flight"
        case transportShutDown = "the transport was shut down"
        case other = "other"
    }

    public var reason: Reason
    /// For an operator: words that are the same each time, never libcurl's own, which may quote a URL.
    public var detail: String

    public init(_ reason: Reason, detail: String = "") {
        self.reason = reason
        self.detail = detail
    }
}

extension HTTPFailure: CustomStringConvertible {
    public var description: String { detail.isEmpty ? reason.rawValue : "\(reason.rawValue): \(detail)" }
}
