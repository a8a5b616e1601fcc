public import Contracts

/// Why a call has no result.
public enum WireError: Error, Equatable {
    /// The peer's response is an error. Its code says whether trying again helps.
    case remote(RPCError)
    /// No response in time. The call may have taken effect.
    case deadlineExceeded
    /// The connection broke after the request may have been written. The call may have taken effect. Only calls that
    /// are not idempotent get this error; the client repeats the others.
    case connectionLost
    /// The client already has as many waiting calls as it may have. This call was not sent; try again later.
    case tooManyCalls
    /// The client was shut down, or the calling task was cancelled. The call may have taken effect.
    case shutDown
    /// One of the two ends breaks the protocol; trying again does not help.
    case protocolViolation(String)
}

extension WireError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .remote(let error): error.description
        case .deadlineExceeded: "no response before the deadline"
        case .connectionLost: "the connection was lost before the response"
        case .tooManyCalls: "too many calls are waiting"
        case .shutDown: "the call was cancelled or the client shut down"
        case .protocolViolation(let reason): "protocol violation: \(reason)"
        }
    }
}
