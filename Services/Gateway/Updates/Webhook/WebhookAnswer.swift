/// What a request of the webhook is answered.
enum WebhookAnswer: Int, Sendable {
    /// The update is settled or parked: Telegram may forget it.
    case settled = 200
    /// It came without the secret, or with a wrong one.
    case noSecret = 401
    case unknownPath = 404
    case unknownMethod = 405
    case tooLarge = 413
    /// Telegram delivers it again.
    case tryAgain = 503
}
