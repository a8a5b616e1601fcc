import Synchronization

/// How long the updates in progress have waited. Their source bounds how many there are.
final class UpdateAges: Sendable {
    private struct Update {
        var receivedAt: ContinuousClock.Instant
        /// Since when its reply can be sent; nil before, and after it was sent or put into the outbox.
        var replyQueuedSince: ContinuousClock.Instant?
    }

    private let updates = Mutex<[Int64: Update]>([:])

    func received(_ id: Int64, at now: ContinuousClock.Instant = .now) {
        updates.withLock { $0[id, default: Update(receivedAt: now)].replyQueuedSince = nil }
    }

    /// The update has a reply that can be sent.
    func replyQueued(_ id: Int64, at now: ContinuousClock.Instant = .now) {
        updates.withLock { $0[id]?.replyQueuedSince = now }
    }

    /// The reply was sent, or is in the outbox.
    func delivered(_ id: Int64) { updates.withLock { $0[id]?.replyQueuedSince = nil } }

    func settled(_ id: Int64) { updates.withLock { $0[id] = nil } }

    /// The ages of the oldest update that is not settled, and of the oldest reply that is neither sent nor in the
    /// outbox; nil where there is none.
    func oldest(at now: ContinuousClock.Instant = .now) -> (update: Duration?, reply: Duration?) {
        updates.withLock { updates in
            let received = updates.values.map(\.receivedAt).min()
            let queued = updates.values.compactMap(\.replyQueuedSince).min()
            return (received.map { now - $0 }, queued.map { now - $0 })
        }
    }
}
