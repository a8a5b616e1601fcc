import Contracts
import Synchronization

/// Counts since the start, as `service.health` shows them.
final class Counters: Sendable {
    enum Name: String, Sendable, CaseIterable {
        case updatesReceived = "updates.received"
        case updatesSettled = "updates.settled"
        case updatesRedelivered = "updates.redelivered"
        case updatesUnreadable = "updates.unreadable"
        case repliesSent = "replies.sent"
        case repliesQueued = "replies.queued"
        case repliesFailed = "replies.failed"
        case turnsRetried = "turns.retried"
        case webhookDeferred = "webhook.deferred"
        case webhookRefused = "webhook.refused"
    }

    /// From the receipt of an update until Telegram accepted its reply.
    private let replyLatencies = LatencyHistogram()
    private let counts = Mutex<[Name: Int64]>([:])

    func add(_ name: Name, _ count: Int = 1) {
        if count > 0 { counts.withLock { $0[name, default: 0] += Int64(count) } }
    }

    /// Telegram accepted a reply at `now`. It is not counted if it replies to no update, or to an update of an earlier
    /// process that did not record the receipt.
    func sent(_ reply: OutgoingReply, at now: Timestamp) {
        guard let receivedAt = reply.receivedAt else { return }
        let (milliseconds, isTooLarge) = now.milliseconds.subtractingReportingOverflow(receivedAt.milliseconds)
        let (nanoseconds, isTooLong) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        if !isTooLarge, !isTooLong { replyLatencies.record(nanoseconds: nanoseconds) }
    }

    /// The histogram `reply`, as `service.health` shows it.
    var histograms: [String: DurationHistogram] { replyLatencies.counted.map { ["reply": $0] } ?? [:] }

    var all: [String: Int64] {
        let counts = counts.withLock { $0 }
        return Dictionary(uniqueKeysWithValues: Name.allCases.map { ($0.rawValue, counts[$0] ?? 0) })
    }
}
