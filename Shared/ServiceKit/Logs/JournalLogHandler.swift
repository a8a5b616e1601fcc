import Contracts
import Logging
import Systemd

/// Writes one entry for each event to systemd's journal. Each metadata value has its own field: `update.id` becomes
/// `RIVET_UPDATE_ID`. The message contains the metadata too, since `journalctl` shows the message.
struct JournalLogHandler: LogHandler {
    /// The journal ignores longer names.
    private static let nameCharactersMax = 64

    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    /// The identifier for `journalctl -t`.
    private let identifier: String

    init(identifier: String, logLevel: Logger.Level) {
        self.identifier = identifier
        self.logLevel = logLevel
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let metadata = metadata.merging(event.metadata ?? [:]) { _, own in own }
        if Journal.send(Self.fields(event.level, event.message, metadata, event.error, identifier)) { return }
        // An entry that the journal does not accept is written to standard error, from which the journal reads lines.
        StderrLogHandler.write(StderrLogHandler.line(event.level, event.message, metadata, event.error, at: .now()))
    }

    static func fields(
        _ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata, _ error: (any Error)?,
        _ identifier: String
    ) -> [(name: String, value: String)] {
        // The identifier already names the service.
        let metadata = metadata.filter { $0.key != "service" }
        var fields = [
            ("MESSAGE", StderrLogHandler.text(message, metadata, error)), ("PRIORITY", "\(priority(of: level))"),
            ("SYSLOG_IDENTIFIER", identifier),
        ]
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
            fields.append((fieldName(name), StderrLogHandler.oneLine("\(value)")))
        }
        if let error { fields.append(("RIVET_ERROR", StderrLogHandler.oneLine("\(error)"))) }
        return fields
    }

    /// The journal field for a metadata name: `RIVET_UPDATE_ID` for `update.id`.
    static func fieldName(_ name: String) -> String {
        let characters = name.uppercased().map { character in
            character.isASCII && (character.isLetter || character.isNumber) ? character : "_"
        }
        return "RIVET_" + String(characters).prefix(nameCharactersMax - 6)
    }

    /// The priority of syslog(3).
    private static func priority(of level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
