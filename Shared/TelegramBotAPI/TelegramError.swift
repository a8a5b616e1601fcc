/// Why a Bot API call failed, grouped by how the caller must react.
///
/// Its description is safe in any log: it contains neither the bot's token nor any text that a person typed.
public enum TelegramError: Error, Sendable, Equatable {
    /// No byte of the request was written. Repeating the call is safe.
    case notSent(HTTPFailure)
    /// At least a part of the request was written, and the response is missing or a 5xx. The call may have taken
    /// effect. Repeating a `sendMessage` may show the message twice; the other calls may be repeated freely.
    case outcomeUnknown(Unknown)
    /// 429. The call had no effect. Telegram will refuse messages to this chat until `retryAfter` is over.
    case tooManyRequests(retryAfter: Duration)
    /// 401, or the 404 for a malformed token. The call had no effect, and no call works until the operator corrects the
    /// token.
    case unauthorized
    /// 409: another poller is active, or a webhook is set. It ends when the other poller or the webhook is gone.
    case conflict(String)
    /// 403: the bot was blocked or removed, or the person is deactivated. Final for this chat until a `my_chat_member`
    /// update says otherwise.
    case forbidden(String)
    /// 400 and the other 4xx. The call had no effect, and the same call will fail again.
    case badRequest(BadRequest)
    /// A response that is not the Bot API's, perhaps a proxy's, or one without the required result. With status 200 the
    /// call may have taken effect.
    case malformedResponse(status: Int)

    /// Why an outcome is unknown.
    public enum Unknown: Error, Sendable, Equatable {
        case transport(HTTPFailure)
        case serverError(status: Int)
    }
}

extension TelegramError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notSent(let failure): "not sent (\(failure))"
        case .outcomeUnknown(.transport(let failure)): "outcome unknown (\(failure))"
        case .outcomeUnknown(.serverError(let status)): "outcome unknown (server error \(status))"
        case .tooManyRequests(let retryAfter): "too many requests, retry after \(retryAfter)"
        case .unauthorized: "the bot token is not accepted"
        case .conflict(let text): "conflict (\(text))"
        case .forbidden(let text): "forbidden (\(text))"
        case .badRequest(let request): "bad request (\(request))"
        case .malformedResponse(let status): "not a response of the Bot API (status \(status))"
        }
    }
}
