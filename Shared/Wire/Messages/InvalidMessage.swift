import Contracts

/// A frame without a valid JSON-RPC 2.0 message, and the error that its sender gets.
struct InvalidMessage: Error, Equatable {
    /// The id for the error response: `.null` if the request's id was unreadable; nil for a notification, which gets no
    /// response.
    let answeredID: RequestID?
    let error: RPCError

    init(_ code: RPCError.Code, _ message: String, id: RequestID?) {
        answeredID = id
        error = RPCError(code, message)
    }
}
