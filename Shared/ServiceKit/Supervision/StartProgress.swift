import Synchronization
import Systemd

/// Asks systemd for more time while a long start makes progress: a big migration, or a damaged file whose rows are
/// saved one by one. A start that hangs does not ask, so systemd ends it.
final class StartProgress: Sendable {
    /// The least time between two requests.
    static let interval = Duration.seconds(1)
    /// The time that each request asks for. The start must make progress within it.
    static let patience = Duration.seconds(30)

    private let notifier: ServiceNotifier
    /// When the next request is due; nil when the start is over.
    private let next: Mutex<ContinuousClock.Instant?>

    init(_ notifier: ServiceNotifier) {
        self.notifier = notifier
        next = Mutex(.now + Self.interval)
    }

    /// Reports progress. May be called from any thread, as often as wanted.
    func made(_ what: String) {
        let isDue = next.withLock { next in
            guard let moment = next, moment <= .now else { return false }
            next = .now + Self.interval
            return true
        }
        if isDue { notifier.extendTimeout(by: Self.patience, status: "starting: \(what)") }
    }

    /// The service is ready.
    func ended() { next.withLock { $0 = nil } }
}
