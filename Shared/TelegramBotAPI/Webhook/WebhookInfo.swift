private import FoundationEssentials

/// Telegram's information about the bot's webhook.
public struct WebhookInfo: Sendable, Equatable {
    /// Empty when no webhook is set. It may contain a token, so show ``address`` instead.
    public var url: String
    /// Updates that wait at Telegram, including those being delivered.
    public var pendingCount: Int
    /// The kinds of updates by Telegram's names; nil for its default.
    public var allowedUpdates: [String]?
    public var connectionsMax: Int?
    /// The last failed delivery; nil if none failed since the webhook was set.
    public var lastFailure: Failure?

    /// Why a delivery failed.
    public struct Failure: Sendable, Equatable {
        /// Unix time.
        public var secondsSince1970: Int64
        /// The HTTP status from the receiver or a proxy in front of it; nil for another failure.
        public var status: Int?
        /// The cause, as one of Telegram's phrases that Rivet knows.
        public var reason: String

        init(secondsSince1970: Int64, message: String) {
            self.secondsSince1970 = secondsSince1970
            let prefix = "wrong response from the webhook: "
            if message.lowercased().hasPrefix(prefix), let status = Int(message.dropFirst(prefix.count).prefix(3)) {
                self.status = status
                reason = "it was answered with status \(status)"
            } else {
                reason = ServerWords.cause(in: message) ?? "in words that Rivet does not know"
            }
        }
    }

    public var isSet: Bool { !url.isEmpty }
    /// The part of the address that may be shown; nil when no webhook is set.
    public var address: WebhookAddress? { isSet ? WebhookAddress(url: url) : nil }
}

extension WebhookInfo: Decodable {
    private enum CodingKeys: String, CodingKey {
        case url
        case pendingUpdateCount = "pending_update_count"
        case allowedUpdates = "allowed_updates"
        case maxConnections = "max_connections"
        case lastErrorDate = "last_error_date"
        case lastErrorMessage = "last_error_message"
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        url = try values.decode(String.self, forKey: .url)
        pendingCount = values.lenient(Int.self, .pendingUpdateCount) ?? 0
        allowedUpdates = values.lenient([String].self, .allowedUpdates)
        connectionsMax = values.lenient(Int.self, .maxConnections)
        lastFailure = values.lenient(Int64.self, .lastErrorDate).map {
            Failure(secondsSince1970: $0, message: values.lenient(String.self, .lastErrorMessage) ?? "")
        }
    }
}

extension WebhookInfo {
    /// Decodes the result of `getWebhookInfo`.
    /// - Throws: the decoder's error.
    public init(json: String) throws { self = try JSONDecoder().decode(WebhookInfo.self, from: Data(json.utf8)) }
}
