import TelegramBotAPI

/// The status of receiving, by polling or by webhook.
enum TelegramStatus: Sendable, Equatable {
    /// Telegram responds, and updates arrive.
    case receiving
    /// Telegram refuses the token (401).
    case unauthorized
    /// Another poller is active, or a webhook is set (409).
    case conflict
    /// Telegram asked to wait (429).
    case paused(Duration)
    /// The reason is safe in logs.
    case unreachable(String)
    /// Telegram refuses the gateway's webhook, for this reason.
    case webhookRefused(String)
    /// Telegram accepts the gateway's webhook, but cannot deliver to it, for this reason.
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
