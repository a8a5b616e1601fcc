import Synchronization
import Systemd

/// Asks systemd for more time while a start takes long and gets on: a big migration, a broken file that is saved row by
/// row. A start that hangs asks for nothing, and is ended.
final class StartProgress: Sendable {
    /// Between two requests.
    static let interval = Duration.seconds(1)
    /// What is asked for: within this time something must be done.
    static let patience = Duration.seconds(30)

    private let notifier: ServiceNotifier
    /// When the next request is due; nil when the start is over.
    private let next: Mutex<ContinuousClock.Instant?>

    init(_ notifier: ServiceNotifier) {
        self.notifier = notifier
        next = Mutex(.now + Self.interval)
    }

    /// Something was done. Callable from anywhere, however often.
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
