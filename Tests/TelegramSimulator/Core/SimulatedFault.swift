/// A fault of a request.
public enum SimulatedFault: Sendable, Equatable {
    /// An HTTP status in Telegram's envelope; the call has no effect.
    case status(Int, description: String, retryAfterSeconds: Int? = nil)
    /// An HTTP status with a web page as its body, as from a proxy (502, 504); the call has no effect.
    case proxyError(Int)
    /// The connection is closed after the head of the request arrived; the call has no effect.
    case closeBeforeReading
    /// The call takes effect; its response is lost with the connection.
    case closeAfterProcessing
    /// The call takes effect at once; its response comes this much later.
    case delay(Duration)
    /// No effect and no response, and the connection stays open until the client gives up.
    case hang
    /// The call takes effect; the response is 200 with a body that is no JSON.
    case garbage
    /// The call takes effect; the connection ends in the middle of the response.
    case truncated
    /// The call takes effect; the response is 502 with a web page as its body, as from a proxy that lost Telegram's
    /// response.
    case badGatewayAfterProcessing

    public static let internalError = SimulatedFault.status(500, description: "Internal Server Error")
    public static let badGateway = SimulatedFault.proxyError(502)
    public static let unauthorized = SimulatedFault.status(401, description: "Unauthorized")
    public static let blocked = SimulatedFault.status(403, description: "Forbidden: bot was blocked by the user")
    public static let conflict = SimulatedFault.status(409, description: APIError.otherPoller.description)

    /// 429 with `retry_after`.
    public static func tooManyRequests(retryAfterSeconds: Int) -> SimulatedFault {
        .status(
            429, description: "Too Many Requests: retry after \(retryAfterSeconds)",
            retryAfterSeconds: retryAfterSeconds)
    }

    /// 400; `detail` comes without the "Bad Request: ".
    public static func badRequest(_ detail: String) -> SimulatedFault {
        .status(400, description: "Bad Request: \(detail)")
    }
}
