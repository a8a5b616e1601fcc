import TelegramBotAPI

/// Decides which requests to accept, by path, method, secret and size, before a byte of the body is kept.
struct WebhookGate: Sendable {
    static let secretHeader = "x-telegram-bot-api-secret-token"

    private let path: String
    private let secret: WebhookSecret

    init(path: String, secret: WebhookSecret) {
        self.path = path
        self.secret = secret
    }

    /// Why a request is refused; nil if it is accepted.
    ///
    /// - Parameters:
    ///   - target: the path, and perhaps a query.
    ///   - secrets: the values of the header ``secretHeader``.
    ///   - bodyBytes: the size that the request announces; nil if it announces none.
    func refusal(method: String, target: String, secrets: [String], bodyBytes: Int?) -> WebhookAnswer? {
        guard target.utf8.prefix(while: { $0 != UInt8(ascii: "?") }).elementsEqual(path.utf8) else {
            return .unknownPath
        }
        guard method == "POST" else { return .unknownMethod }
        guard secrets.count == 1, let given = secrets.first, secret.matches(given) else { return .noSecret }
        if let bodyBytes, bodyBytes > WebhookLimits.bodyBytesMax { return .tooLarge }
        return nil
    }
}
