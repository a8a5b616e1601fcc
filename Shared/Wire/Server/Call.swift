public import Contracts

/// A request or a notification that arrived.
public struct Call: Sendable {
    public var method: String
    /// Empty when the request had no parameters.
    public var params: [String: JSONValue]
    public var peer: PeerCredentials

    public init(method: String, params: [String: JSONValue], peer: PeerCredentials) {
        self.method = method
        self.params = params
        self.peer = peer
    }
}

/// When and how a call gets its response.
public enum CallOutcome: Sendable {
    /// At once, without a change of thread.
    case now(Result<JSONValue, RPCError>)
    /// When the closure returns. The closure runs on the connection's event loop, so it must not block. It is not
    /// cancelled when the peer disconnects.
    case later(@Sendable () async -> Result<JSONValue, RPCError>)
}

/// Handles the calls that a service receives.
public protocol CallHandler: Sendable {
    /// Begins one call. Called on the connection's event loop, in the order in which the calls arrived on the
    /// connection: decisions made before this returns take effect in that order. Must not block.
    ///
    /// For an unknown method return `.now(.failure(…))` with `.methodNotFound`. A notification's outcome is dropped.
    func begin(_ call: Call) -> CallOutcome

    /// The response to a call of `method` was written to the channel's buffer, `duration` nanoseconds after the call
    /// was read. Called on the event loop for each response, errors included; not for a notification, and not when the
    /// peer has disconnected.
    func answered(_ method: String, afterNanoseconds duration: Int64)
}

extension CallHandler {
    public func answered(_ method: String, afterNanoseconds duration: Int64) {}
}
