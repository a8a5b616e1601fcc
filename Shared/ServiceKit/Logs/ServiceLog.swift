import Contracts
import Glibc
import Logging
import Synchronization
import Systemd

/// The log of a process: where it goes, from which level on, and what its last failure was.
///
/// To the journal, with fields, when that is what standard error is connected to; else as lines to standard error.
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

    /// From which level on events are written, by every logger of the process.
    var level: Logger.Level {
        get { state.withLock { $0.level } }
        set { state.withLock { $0.level = newValue } }
    }

    /// When the last warning or error was written, and its line; nil when there was none.
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

    /// A line for a process that ends before it can do anything, without a time and a level on standard error.
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

/// Passes on what is of the process's level, and notes failures.
private struct ServiceLogHandler: LogHandler {
    let log: ServiceLog
    var destination: any LogHandler
    private var ownLevel: Logger.Level?

    init(log: ServiceLog, destination: any LogHandler) {
        self.log = log
        self.destination = destination
    }

    /// The process's, as it is now, unless the logger was given one of its own.
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
