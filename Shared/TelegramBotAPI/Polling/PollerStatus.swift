/// The state of the polling, for the operator.
public enum PollerStatus: Sendable, Equatable {
    /// The server responds.
    case polling
    /// The server does not accept the token.
    case unauthorized
    /// Another poller is active, or a webhook is set.
    case conflict
    /// The server sent a 429.
    case paused(Duration)
    /// The server does not respond as it should. The reason is safe in logs.
    case unreachable(String)

    public init(_ error: TelegramError) {
        switch error {
        case .unauthorized: self = .unauthorized
        case .conflict: self = .conflict
        case .tooManyRequests(let retryAfter): self = .paused(retryAfter)
        case .notSent, .outcomeUnknown, .forbidden, .badRequest, .malformedResponse:
            self = .unreachable(error.description)
        }
    }
}
