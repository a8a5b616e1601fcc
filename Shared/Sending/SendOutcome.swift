/// How a try ended.
public enum SendOutcome: Sendable, Equatable {
    /// Telegram accepted the item.
    case sent
    /// It had no effect, and would have none in this form.
    case refused(SendRefusal)
    /// It had no effect, and can have none before this time is over.
    case tooManyRequests(retryAfter: Duration)
    /// It had no effect: Telegram was not reached, or does not serve this bot now.
    case notSent
    /// It may have had an effect.
    case unknown
}
