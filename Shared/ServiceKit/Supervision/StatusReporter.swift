import Contracts
import Glibc
import ServiceLifecycle
import Synchronization
import Systemd
import Wire

/// Keeps the status line of `systemctl status` current: the state of the parts, the work done, and the last failure.
/// Does nothing without systemd.
final class StatusReporter: Service {
    static let interval = Duration.seconds(5)

    private let status: @Sendable () -> String
    private let work: (name: String, count: @Sendable () -> Int64)
    private let log: ServiceLog
    private let notifier: ServiceNotifier
    private let lastMinute = Mutex(MinuteCount())

    init(_ parts: ServiceParts, _ server: WireServer, _ log: ServiceLog, _ notifier: ServiceNotifier) {
        status = parts.status
        work = parts.work ?? ("calls", { Int64(server.counters.calls) })
        self.log = log
        self.notifier = notifier
    }

    /// The current status line.
    func line() -> String {
        let done = lastMinute.withLock { $0.growth(to: work.count(), at: .now) }
        return Self.line(status(), work: work.name, done: done, lastFailure: log.lastFailure)
    }

    static func line(_ status: String, work: String, done: Int64, lastFailure: String?) -> String {
        let failure = lastFailure.map { "; last trouble \($0)" } ?? ""
        return "\(status); \(done) \(work) in the last minute\(failure)"
    }

    func run() async throws {
        guard getenv("NOTIFY_SOCKET") != nil else {
            try? await gracefulShutdown()
            return
        }
        var last = ""
        while !Task.isShuttingDownGracefully {
            let current = line()
            if current != last { notifier.status(current) }
            last = current
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
        }
    }
}
