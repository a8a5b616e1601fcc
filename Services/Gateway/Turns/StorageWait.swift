import Synchronization

/// Since when a turn has waited for the peers, which store, without interruption.
final class StorageWait: Sendable {
    private let since = Mutex<ContinuousClock.Instant?>(nil)

    func begins(at now: ContinuousClock.Instant = .now) { since.withLock { $0 = $0 ?? now } }
    func ends() { since.withLock { $0 = nil } }

    /// How long the turn has waited; zero while it does not wait.
    func duration(at now: ContinuousClock.Instant = .now) -> Duration {
        since.withLock { $0.map { now - $0 } ?? .zero }
    }
}
