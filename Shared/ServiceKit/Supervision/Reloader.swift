import Logging
import ServiceLifecycle
import Systemd
import UnixSignals

/// Reads the settings again at each SIGHUP, and applies those that can change in a running process.
///
/// If one setting is wrong, none is changed, and the log and the status line say why.
struct Reloader: Service {
    var signals: UnixSignalsSequence
    var settings: Settings
    var parts: ServiceParts
    var reporter: StatusReporter
    var log: ServiceLog
    var notifier: ServiceNotifier

    func run() async throws {
        var settings = settings
        let logger = log.logger
        for await _ in signals.cancelOnGracefulShutdown() {
            notifier.reloading()
            do throws(ConfigurationError) {
                let new = try settings.readAgain()
                let level = try new.logLevel()
                var changes = try await parts.reload.apply(new)
                if level != log.level { changes.append("RIVET_LOG_LEVEL") }
                log.level = level
                report(changes, new.differences(from: settings), logger)
                settings = new
            } catch {
                logger.error(
                    "a reload found a setting that is wrong; all settings stay as they were",
                    metadata: ["reason": "\(error)"])
            }
            notifier.ready(status: reporter.line())
        }
    }

    private func report(_ changes: [String], _ differences: Set<String>, _ logger: Logger) {
        logger.notice(
            "the settings were read again",
            metadata: ["changed": "\(changes.isEmpty ? "nothing" : changes.joined(separator: ", "))"])
        let later = differences.subtracting(parts.reload.variables).subtracting(["RIVET_LOG_LEVEL"])
            .filter { name in Self.isOurs(name) }
        guard !later.isEmpty else { return }
        logger.warning(
            "some settings were changed that take effect with a restart only",
            metadata: ["settings": "\(later.sorted().joined(separator: ", "))"])
    }

    private static func isOurs(_ name: String) -> Bool {
        name.hasPrefix("RIVET_") || name.hasPrefix("TELEGRAM_") || name.hasSuffix("_DATABASE_URL")
    }
}
