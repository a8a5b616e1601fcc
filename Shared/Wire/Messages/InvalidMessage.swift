import Contracts

/// A frame that holds no message of JSON-RPC 2.0, and what its sender is answered.
struct InvalidMessage: Error, Equatable {
    /// The request that is answered; null where its id could not be read, nil for a notification, which gets no answer.
    let answeredID: RequestID?
    let error: RPCError

    init(_ code: RPCError.Code, _ message: String, id: RequestID?) {
        answeredID = id
        error = RPCError(code, message)
    }
}
