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

    init(_ status: PollerStatus) {
        switch status {
        case .polling: self = .receiving
        case .unauthorized: self = .unauthorized
        case .conflict: self = .conflict
        case .paused(let duration): self = .paused(duration)
        case .unreachable(let reason): self = .unreachable(reason)
        }
    }
}
