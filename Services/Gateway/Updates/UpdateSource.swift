import TelegramBotAPI

/// Where updates come from, and where it is said that they may be forgotten: polling, or a webhook.
///
/// An update is handed over once in the life of a source, however often Telegram delivers it, and in the order received. Telegram is told
/// to forget it only after ``settled(_:)``: until then it is delivered again, also to a later process.
protocol UpdateSource: Sendable {
    /// In a few words, for an operator: what it does while all is well.
    var activity: String { get }
    /// Telegram will deliver no update with a lower id again; nil when that is not known of any.
    var settledBefore: Int64? { get }
    /// Updates handed over and not settled.
    var unsettledCount: Int { get }
    /// Whether so many are unsettled that new ones stay with Telegram.
    var isFull: Bool { get }
    /// Whether the loop that hands over did not come to its next step in time.
    var isOverdue: Bool { get }

    /// Hands updates over until ``stop()`` or cancellation. Call it once.
    ///
    /// - Parameter handle: takes an update over and returns soon: the next one waits for it.
    func run(handle: @escaping @Sendable (ReceivedUpdate) async -> Void) async

    /// Has ``run(handle:)`` return soon. Callable from anywhere.
    func stop()

    /// The effect of the update is durable, or it is parked. Callable from anywhere, more than once, also after the stop.
    func settled(_ id: Int64)

    /// After ``run(handle:)`` returned: tells Telegram what is settled and was not told yet. Best effort; the rest comes again.
    func confirmSettled(within deadline: Duration) async
}
