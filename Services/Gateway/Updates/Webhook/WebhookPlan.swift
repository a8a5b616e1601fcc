import TelegramBotAPI

/// Decides what to do about the webhook, from what Telegram says of it. No I/O, no clock.
struct WebhookPlan {
    enum Action: Equatable {
        /// Set the gateway's webhook at Telegram.
        case set(Reason)
        /// Telegram delivers to it.
        ///
        /// - Parameter isAll: whether all updates that wait there are being delivered.
        case deliver(isAll: Bool)
        /// Telegram tries to deliver, and fails.
        case undelivered(reason: String)
    }

    enum Reason: Equatable {
        /// No webhook is set.
        case unset
        /// Another address is set.
        case foreign(WebhookAddress)
        /// Its kinds of updates or its number of connections differ.
        case different
        /// Telegram came with another secret: the setting was changed. Telegram does not say which secret it has.
        case secretRefused
    }

    let url: WebhookURL
    /// When this process set the webhook, and when Telegram last came with the right secret. Unix time in seconds; nil
    /// for never.
    var setAt: Int64?
    var heardAt: Int64?
    /// Whether the webhook was set because of the secret since Telegram last came with the right one. It is not set
    /// twice, because a proxy may respond with 401, too.
    var isSecretTold = false

    /// - Parameter openCount: the number of requests that wait for their updates.
    func action(for info: WebhookInfo, openCount: Int) -> Action {
        guard let address = info.address else { return .set(.unset) }
        guard info.url == url.text else { return .set(.foreign(address)) }
        if info.connectionsMax != TelegramBot.webhookConnectionsMax
            || Set(info.allowedUpdates ?? []) != Set(UpdateKindName.allCases.map(\.rawValue))
        {
            return .set(.different)
        }
        let isAll = info.pendingCount <= openCount
        guard let failure = info.lastFailure, failure.secondsSince1970 >= max(heardAt ?? 0, setAt ?? 0) else {
            return .deliver(isAll: isAll)
        }
        if failure.status == WebhookAnswer.noSecret.rawValue, !isSecretTold { return .set(.secretRefused) }
        return isAll ? .deliver(isAll: true) : .undelivered(reason: failure.reason)
    }
}
