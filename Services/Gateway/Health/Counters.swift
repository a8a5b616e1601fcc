import Synchronization

/// Counts since the start, as `service.health` shows them.
final class Counters: Sendable {
    enum Name: String, Sendable, CaseIterable {
        case updatesReceived = "updates.received"
        case updatesSettled = "updates.settled"
        case updatesRedelivered = "updates.redelivered"
        case repliesSent = "replies.sent"
        case repliesQueued = "replies.queued"
        case repliesFailed = "replies.failed"
        case turnsRetried = "turns.retried"
    }

    private let counts = Mutex<[Name: Int64]>([:])

    func add(_ name: Name, _ count: Int = 1) {
        if count > 0 { counts.withLock { $0[name, default: 0] += Int64(count) } }
    }

    var all: [String: Int64] {
        let counts = counts.withLock { $0 }
        return Dictionary(uniqueKeysWithValues: Name.allCases.map { ($0.rawValue, counts[$0] ?? 0) })
    }
}
