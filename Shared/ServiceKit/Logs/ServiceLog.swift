import Contracts
import Glibc
import Logging
import Synchronization
import Systemd

/// The log of a process: its destination, its level, and the last failure.
///
/// If standard error is connected to the journal, events go to the journal with fields; otherwise to standard error as
/// lines.
final class ServiceLog: Sendable {
    private let name: String
    private let goesToJournal: Bool
    private let state: Mutex<(level: Logger.Level, lastFailure: String?)>

    init(name: String, level: Logger.Level) {
        self.name = name
        goesToJournal = Journal.isConnected(
            STDERR_FILENO, stream: getenv("JOURNAL_STREAM").map { String(cString: $0) })
        state = Mutex((level, nil))
    }

    /// The lowest level that the loggers of the process write.
    var level: Logger.Level {
        get { state.withLock { $0.level } }
        set { state.withLock { $0.level = newValue } }
    }

    /// The time and the line of the last warning or error; nil when there was none.
    var lastFailure: String? { state.withLock { $0.lastFailure } }

    var logger: Logger {
        var logger = Logger(label: name) { _ in ServiceLogHandler(log: self, destination: self.destination) }
        logger[metadataKey: "service"] = "\(name)"
        return logger
    }

    private var destination: any LogHandler {
        goesToJournal
            ? JournalLogHandler(identifier: name, logLevel: .trace) : StderrLogHandler(logLevel: .trace)
    }

    /// Writes a line for a process that ends during its start. On standard error it has no time and no level.
    static func lastWords(_ line: String, name: String) {
        let log = ServiceLog(name: name, level: .info)
        if log.goesToJournal { log.logger.error("\(line)") } else { StderrLogHandler.write(line) }
    }

    fileprivate func note(_ event: LogEvent, _ metadata: Logger.Metadata) {
        guard event.level >= .warning else { return }
        let metadata = metadata.merging(event.metadata ?? [:]) { _, own in own }.filter { $0.key != "service" }
        let line = "\(Timestamp.now()) \(StderrLogHandler.text(event.message, metadata, event.error))"
        state.withLock { $0.lastFailure = line }
    }
}

/// Passes events on to the destination, and records warnings and errors as the last failure.
private struct ServiceLogHandler: LogHandler {
    let log: ServiceLog
    var destination: any LogHandler
    private var ownLevel: Logger.Level?

    init(log: ServiceLog, destination: any LogHandler) {
        self.log = log
        self.destination = destination
    }

    /// The process's current level, unless this logger was given another.
    var logLevel: Logger.Level {
        get { ownLevel ?? log.level }
        set { ownLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { destination.metadata }
        set { destination.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { destination[metadataKey: key] }
        set { destination[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        log.note(event, metadata)
        destination.log(event: event)
    }
}
