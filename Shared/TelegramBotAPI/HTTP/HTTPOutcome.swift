/// How a request ended, by what the server can have seen of it.
public enum HTTPOutcome: Sendable, Equatable {
    /// The server responded, with any status.
    case response(status: Int, body: [UInt8])
    /// No byte of the request left this process. Repeating it is safe.
    case notSent(HTTPFailure)
    /// At least a part of the request was written, and no complete response came. It may have taken effect.
    case outcomeUnknown(HTTPFailure)
}

/// Why there is no response.
public struct HTTPFailure: Error, Sendable, Equatable {
    public enum Reason: String, Sendable, CaseIterable {
        case cannotResolve = "the name cannot be resolved"
        case cannotConnect = "no connection"
        case tlsFailed = "TLS failed"
        case timedOut = "timed out"
        case interrupted = "the connection broke"
        case responseTooLarge = "the response is too large"
        case invalidURL = "the URL is not valid"
        case cancelled = "cancelled"
        case tooManyRequestsInFlight = "too many requests in flight"
        case transportShutDown = "the transport was shut down"
        case other = "other"
    }

    public var reason: Reason
    /// For the operator. One of a fixed set of texts; never libcurl's text, which may quote the URL.
    public var detail: String

    public init(_ reason: Reason, detail: String = "") {
        self.reason = reason
        self.detail = detail
    }
}

extension HTTPFailure: CustomStringConvertible {
    public var description: String { detail.isEmpty ? reason.rawValue : "\(reason.rawValue): \(detail)" }
}
