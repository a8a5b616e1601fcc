import TelegramBotAPI

/// How receiving goes, whichever way updates come.
enum TelegramStatus: Sendable, Equatable {
    /// Telegram answers, and updates come.
    case receiving
    /// The token is not accepted.
    case unauthorized
    /// Another poller is active, or a webhook is set.
    case conflict
    /// 429.
    case paused(Duration)
    /// The reason is safe in logs.
    case unreachable(String)
    /// Telegram does not take our webhook, for this reason.
    case webhookRefused(String)
    /// Telegram takes our webhook, and fails to deliver to it.
    case undelivered(String)

    init(_ status: PollerStatus) {
        switch status {
        case .polling: self = .receiving
        case .unauthorized: self = .unauthorized
        case .conflict: self = .conflict
        case .paused(let duration): self = .paused(duration)
        case .unreachable(let reason): self = .unreachable(reason)
        }
    }

    init(_ error: TelegramError) { self.init(PollerStatus(error)) }
}
