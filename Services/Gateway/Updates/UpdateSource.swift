import TelegramBotAPI

/// Receives updates and confirms them to Telegram: by polling, or by a webhook.
///
/// A source hands each update over once, in the order received, however often Telegram delivers it. The update is
/// confirmed only after ``settled(_:)``: until then Telegram delivers it again, even to a later process.
protocol UpdateSource: Sendable {
    /// What the source does while receiving works, in a few words for an operator.
    var activity: String { get }
    /// Telegram will deliver no update with a lower id again; nil if that is not known of any id.
    var settledBefore: Int64? { get }
    /// The number of updates handed over and not settled.
    var unsettledCount: Int { get }
    /// Whether so many are unsettled that new ones stay with Telegram.
    var isFull: Bool { get }
    /// Whether the loop that hands updates over is late for its next step.
    var isOverdue: Bool { get }

    /// Hands updates over until ``stop()`` or cancellation. Call it once.
    ///
    /// - Parameter handle: accepts an update and returns soon, because the next one waits for it.
    func run(handle: @escaping @Sendable (ReceivedUpdate) async -> Void) async

    /// Stops: ``run(handle:)`` returns soon. Callable from anywhere.
    func stop()

    /// The effect of the update is durable, or the update is parked. Callable from anywhere, more than once, and after
    /// ``stop()``.
    func settled(_ id: Int64)

    /// Confirms to Telegram the settled updates that are not confirmed yet. Call it after ``run(handle:)`` returned.
    /// Best effort: the rest comes again.
    func confirmSettled(within deadline: Duration) async
}
