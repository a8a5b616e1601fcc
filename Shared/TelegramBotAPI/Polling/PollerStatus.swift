/// How the polling goes, for an operator.
public enum PollerStatus: Sendable, Equatable {
    /// The server answers.
    case polling
    /// The token is not accepted.
    case unauthorized
    /// Another poller is active, or a webhook is set.
    case conflict
    /// 429.
    case paused(Duration)
    /// The reason is safe in logs.
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
