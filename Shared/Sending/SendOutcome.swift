/// How a try ended.
public enum SendOutcome: Sendable, Equatable {
    /// Telegram took it.
    case sent
    /// It took no effect, and would not in this form.
    case refused(SendRefusal)
    /// It took no effect, and will not before this time is over.
    case tooManyRequests(retryAfter: Duration)
    /// It took no effect: Telegram was not reached, or takes nothing from us now.
    case notSent
    /// It may have taken effect.
    case unknown
}
