import TelegramBotAPI

/// What to make of what Telegram knows of the webhook. No I/O, no clock.
struct WebhookPlan {
    enum Action: Equatable {
        /// Telegram is to be told of our webhook.
        case set(Reason)
        /// Telegram delivers to it.
        ///
        /// - Parameter isAll: nothing waits there that is not being delivered.
        case deliver(isAll: Bool)
        /// Telegram tries, and fails.
        case undelivered(reason: String)
    }

    enum Reason: Equatable {
        /// None is set.
        case unset
        /// Another address is set.
        case foreign(WebhookAddress)
        /// Its kinds of updates or its number of connections are not ours.
        case different
        /// Telegram came with a secret that is not ours: it was changed. What Telegram has, it does not tell.
        case secretRefused
    }

    let url: WebhookURL
    /// When ours was set by this process, and when Telegram came with our secret; Unix time in seconds, nil if it did not.
    var setAt: Int64?
    var heardAt: Int64?
    /// Whether it was set again since Telegram came last, because of the secret: not twice, as a proxy may answer 401, too.
    var isSecretTold = false

    /// - Parameter openCount: requests that are being dealt with.
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
