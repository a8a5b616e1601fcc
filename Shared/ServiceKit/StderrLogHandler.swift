import Contracts
import Glibc
public import Logging

/// Writes one line for each event to standard error: time, level, message, then the metadata by name.
public struct StderrLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]

    public init(logLevel: Logger.Level) { self.logLevel = logLevel }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var line =
            Self.line(
                event.level, event.message, metadata.merging(event.metadata ?? [:]) { _, own in own }, event.error,
                at: .now()) + "\n"
        line.withUTF8 { bytes in
            // One write, so that lines of several threads do not mix. A log that cannot be written is nobody's loss but its own.
            _ = write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }

    /// An event as one line, whatever is in it.
    static func line(
        _ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata, _ error: (any Error)? = nil,
        at moment: Timestamp
    ) -> String {
        var line = "\(moment) \(level): \(message)"
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) { line += " \(name)=\(value)" }
        if let error { line += " error=\(error)" }
        return line.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
