import Synchronization

/// Since when one turn has waited for the services that store, without a break.
final class StorageWait: Sendable {
    private let since = Mutex<ContinuousClock.Instant?>(nil)

    func begins(at now: ContinuousClock.Instant = .now) { since.withLock { $0 = $0 ?? now } }
    func ends() { since.withLock { $0 = nil } }

    /// How long it has waited; nothing while it does not.
    func duration(at now: ContinuousClock.Instant = .now) -> Duration {
        since.withLock { $0.map { now - $0 } ?? .zero }
    }
}
