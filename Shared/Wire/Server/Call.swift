public import Contracts

/// A request or a notification that arrived.
public struct Call: Sendable {
    public var method: String
    /// Empty when the request had none.
    public var params: [String: JSONValue]
    public var peer: PeerCredentials

    public init(method: String, params: [String: JSONValue], peer: PeerCredentials) {
        self.method = method
        self.params = params
        self.peer = peer
    }
}

/// How a call is answered.
public enum CallOutcome: Sendable {
    /// At once, with no change of thread.
    case now(Result<JSONValue, RPCError>)
    /// When the closure returns. It runs on the connection's event loop between its own suspensions, so it must not
    /// block, and it is not cancelled when the peer goes away.
    case later(@Sendable () async -> Result<JSONValue, RPCError>)
}

/// What a service does with the calls that it gets.
public protocol CallHandler: Sendable {
    /// Called on the connection's event loop, in the order in which calls arrived on it: what is decided before this
    /// returns takes effect in that order. Must not block.
    ///
    /// A method that is unknown is `.now(.failure(…))` with `.methodNotFound`. The outcome of a notification is dropped.
    func begin(_ call: Call) -> CallOutcome

    /// The answer to a call of `method` was handed to the socket's buffer, this long after the call was read. Called on the
    /// event loop for every answer, errors too; not for a notification, nor when the peer is gone.
    func answered(_ method: String, afterNanoseconds duration: Int64)
}

extension CallHandler {
    public func answered(_ method: String, afterNanoseconds duration: Int64) {}
}
