/// Why a call of the Bot API did not succeed, sorted by what is to be done about it.
///
/// Its description is safe in any log: it holds neither the bot's token nor anything that a person typed.
public enum TelegramError: Error, Sendable, Equatable {
    /// Nothing of the request was written: doing it again cannot do it twice.
    case notSent(HTTPFailure)
    /// The request, or a part of it, was written, and the answer is missing or a 5xx: it may have taken effect. Repeating a
    /// `sendMessage` may show the message twice; the other calls may be repeated freely.
    case outcomeUnknown(Unknown)
    /// 429. Nothing took effect. The same chat will refuse until `retryAfter` is over.
    case tooManyRequests(retryAfter: Duration)
    /// 401, or 404 as for a token that is none: nothing works until an operator mends the token. Nothing took effect.
    case unauthorized
    /// 409: another poller is active, or a webhook is set. It ends by itself once the other one is gone.
    case conflict(String)
    /// 403: blocked, removed or deactivated. Final for this chat, until `my_chat_member` says otherwise.
    case forbidden(String)
    /// 400 and the rest of 4xx. Nothing took effect, and the same call will fail again.
    case badRequest(BadRequest)
    /// An answer that is not the Bot API's, or without the result that belongs in it: perhaps a proxy's. With status 200 the call may
    /// have taken effect.
    case malformedResponse(status: Int)

    /// How an outcome came to be unknown.
    public enum Unknown: Error, Sendable, Equatable {
        case transport(HTTPFailure)
        case serverError(status: Int)
    }
}

extension TelegramError {
    /// Whether the same call can succeed later.
    public var isRetriable: Bool {
        switch self {
        case .notSent(let failure): failure.reason != .invalidURL
        case .outcomeUnknown, .tooManyRequests, .unauthorized, .conflict, .malformedResponse: true
        case .forbidden, .badRequest: false
        }
    }

    /// Whether the call may have done its work all the same.
    public var mayHaveTakenEffect: Bool {
        switch self {
        case .outcomeUnknown, .malformedResponse: true
        case .notSent, .tooManyRequests, .unauthorized, .conflict, .forbidden, .badRequest: false
        }
    }

    /// Whether the calling task was cancelled, or the transport shut down under it.
    public var isCancellation: Bool {
        switch self {
        case .notSent(let failure), .outcomeUnknown(.transport(let failure)):
            failure.reason == .cancelled || failure.reason == .transportShutDown
        default: false
        }
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
        case .malformedResponse(let status): "not an answer of the Bot API (status \(status))"
        }
    }
}
