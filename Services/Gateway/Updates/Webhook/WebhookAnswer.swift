/// The HTTP status of the response to a request of the webhook.
enum WebhookAnswer: Int, Sendable {
    /// The update is settled or parked: Telegram may forget it.
    case settled = 200
    /// The request came without the secret, or with a wrong one.
    case noSecret = 401
    case unknownPath = 404
    case unknownMethod = 405
    case tooLarge = 413
    /// Telegram delivers the update again.
    case tryAgain = 503
}
