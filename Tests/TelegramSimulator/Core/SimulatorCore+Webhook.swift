import Contracts

extension SimulatorCore {
    mutating func setWebhook(_ parameters: CallParameters, at now: Duration) throws(APIError) -> JSONValue {
        let url = parameters.string("url") ?? ""
        guard !url.isEmpty else { return deleteWebhook(parameters) }
        guard url.hasPrefix("https://") else {
            throw .badRequest("bad webhook: An HTTPS URL must be provided for webhook")
        }
        let authority = url.dropFirst("https://".count).prefix { $0 != "/" && $0 != "?" }
        let port = authority.split(separator: ":").dropFirst().first.flatMap { Int($0) } ?? 443
        guard [80, 88, 443, 8443].contains(port) else {
            throw .badRequest("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        }
        let secret = parameters.string("secret_token")
        if let secret, !Self.isSecret(secret) {
            throw .badRequest("secret token contains unallowed characters")
        }
        let connections = Int(clamping: parameters.integer("max_connections") ?? Int64(Webhook.connectionsDefault))
        rememberAllowedUpdates(parameters)
        if parameters.bool("drop_pending_updates") { dropPending() }
        if let waiting = poller.waiting {
            poller.waiting = nil
            act(.answer(waiting.call, .error(.endedByWebhook)))
        }
        webhook = Webhook(
            url: url, secret: secret, connectionsMax: min(max(connections, 1), Webhook.connectionsMax),
            retryBase: webhookRetryBase)
        deliver(at: now)
        return true
    }

    mutating func deleteWebhook(_ parameters: CallParameters) -> JSONValue {
        if parameters.bool("drop_pending_updates") { dropPending() }
        webhook = nil
        return true
    }

    var webhookInfo: JSONValue {
        var info: [String: JSONValue] = [
            "url": .string(webhook?.url ?? ""), "has_custom_certificate": false,
            "pending_update_count": .integer(Int64(updates.entries.count)),
        ]
        if let webhook {
            info["max_connections"] = .integer(Int64(webhook.connectionsMax))
            if let failure = webhook.lastFailure {
                info["last_error_date"] = .integer(failure.at.components.seconds)
                info["last_error_message"] = .string(failure.message)
            }
        }
        if let kinds = poller.allowedKinds { info["allowed_updates"] = .array(kinds.sorted().map(JSONValue.string)) }
        return .object(info)
    }

    /// Starts the deliveries that may start now.
    mutating func deliver(at now: Duration) {
        guard isDelivering, var hook = webhook else { return }
        for entry in hook.begin(updates.entries, at: now) {
            act(
                .deliver(
                    WebhookDelivery(updateID: entry.id, url: hook.url, secret: hook.secret, update: entry.update)))
        }
        webhook = hook
    }

    /// A delivery ended: with a response, or with a failed connection.
    mutating func deliveryEnded(_ delivery: WebhookDelivery, _ outcome: WebhookOutcome, at now: Duration) {
        if outcome.isTaken {
            updates.confirm(delivery.updateID)
            statistics.takenDeliveries += 1
        } else {
            statistics.failedDeliveries[outcome.message, default: 0] += 1
        }
        guard var hook = webhook, hook.url == delivery.url else { return }
        if let next = hook.ended(delivery.update, isTaken: outcome.isTaken, at: now) {
            hook.lastFailure = .init(at: now, message: outcome.message)
            act(.wakeDeliveries(at: next))
        }
        webhook = hook
        deliver(at: now)
    }

    private mutating func dropPending() {
        statistics.droppedPending += 1
        updates.keepLast(0)
    }

    private static func isSecret(_ text: String) -> Bool {
        (1...256).contains(text.utf8.count)
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
    }
}

/// The outcome of one delivery.
enum WebhookOutcome: Sendable, Equatable {
    case answered(status: Int)
    /// The failure in Telegram's words.
    case failed(String)

    var isTaken: Bool {
        guard case .answered(let status) = self else { return false }
        return (200..<300).contains(status)
    }

    var message: String {
        switch self {
        case .answered(let status): "Wrong response from the webhook: \(status) \(Self.reasons[status] ?? "Unknown")"
        case .failed(let message): message
        }
    }

    private static let reasons = [
        401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 413: "Payload Too Large",
        502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
    ]
}
