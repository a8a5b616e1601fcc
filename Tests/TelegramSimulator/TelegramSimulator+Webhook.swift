import Contracts

/// Delivery by webhook.
///
/// Unlike Telegram it resolves no host name, speaks no TLS, checks no certificate and sends from no public address: the
/// requests go over the route that a test gives. It ignores the body of the response, in which Telegram accepts a
/// method call. It repeats a failed delivery until the update expires; Telegram does not publish when it gives up.
extension TelegramSimulator {
    /// How long Telegram waits for the receiver's response.
    static let answerTimeout: Duration = .seconds(60)

    /// Sends the webhook's requests over `route`, whatever the host in its address is.
    ///
    /// - Parameter retryBase: the wait after a failed delivery; it doubles, up to a minute.
    public func deliverWebhook(over route: WebhookRoute, retryBase: Duration = .seconds(1)) {
        webhookRoute = route
        change { core, now in
            core.webhookRetryBase = retryBase
            core.deliver(at: now)
        }
    }

    /// The address of the present webhook; nil if none is set.
    public var webhookURL: String? { core.webhook?.url }

    /// Sets a webhook as another program would that has the token.
    /// - Throws: `SimulatorError` with Telegram's words, if it refuses.
    public func setWebhook(_ url: String, secret: String? = nil, maxConnections: Int? = nil) throws {
        var parameters: [String: JSONValue] = ["url": .string(url)]
        parameters["secret_token"] = secret.map(JSONValue.string)
        parameters["max_connections"] = maxConnections.map { .integer(Int64($0)) }
        let given = CallParameters(parameters)
        let failure = change { core, now -> APIError? in
            do throws(APIError) {
                _ = try core.setWebhook(given, at: now)
                return nil
            } catch { return error }
        }
        if let failure { throw SimulatorError(failure.description) }
    }

    /// Waits until the webhook `url` is set.
    public func waitForWebhook(_ url: String, timeout: Duration = .seconds(10)) async throws {
        try await wait(for: "no webhook is set", timeout: timeout) { core in core.webhook?.url == url ? true : nil }
    }

    /// The number of updates that the webhook accepted.
    public var takenWebhookDeliveries: Int { core.statistics.takenDeliveries }
    /// The number of failed deliveries, by Telegram's words for the failure.
    public var failedWebhookDeliveries: [String: Int] { core.statistics.failedDeliveries }

    /// Delivers an update, and reports the outcome to the core.
    func deliver(_ delivery: WebhookDelivery) {
        Task {
            let outcome = await outcome(of: delivery)
            change { core, now in core.deliveryEnded(delivery, outcome, at: now) }
        }
    }

    private func outcome(of delivery: WebhookDelivery) async -> WebhookOutcome {
        guard let webhookRoute else { return .failed("Failed to resolve host: Name or service not known") }
        var connection: WebhookClient?
        while let kept = idleWebhookConnections.popLast() {
            guard kept.isOpen else { continue }
            connection = kept
            break
        }
        do {
            let client: WebhookClient
            if let connection {
                client = connection
            } else {
                client = try await WebhookClient.connect(over: webhookRoute)
            }
            let response = try await client.post(delivery, timeout: Self.answerTimeout)
            if response.isKeptAlive, isRunning { idleWebhookConnections.append(client) } else { client.close() }
            return .answered(status: response.status)
        } catch { return .failed("Connection refused or closed by the webhook") }
    }
}
