public import Contracts

/// Why a call brought no result.
public enum WireError: Error, Equatable {
    /// The peer answered with an error. Whether trying again helps is in its code.
    case remote(RPCError)
    /// No answer in time. The call may have taken effect.
    case deadlineExceeded
    /// The connection broke after the request may have been written. The call may have taken effect; only calls that
    /// are not idempotent fail so, the others are repeated.
    case connectionLost
    /// The client already holds as many calls as it may. This one was not sent; try again later.
    case tooManyCalls
    /// The client was shut down, or the calling task was cancelled. The call may have taken effect.
    case shutDown
    /// One of the two ends does not keep to the protocol; trying again does not help.
    case protocolViolation(String)
}

extension WireError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .remote(let error): error.description
        case .deadlineExceeded: "no answer before the deadline"
        case .connectionLost: "the connection was lost before the answer"
        case .tooManyCalls: "too many calls are waiting"
        case .shutDown: "the call was cancelled or the client shut down"
        case .protocolViolation(let reason): "protocol violation: \(reason)"
        }
    }
}
