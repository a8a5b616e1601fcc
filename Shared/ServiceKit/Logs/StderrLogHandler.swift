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
        Self.write(
            Self.line(
                event.level, event.message, metadata.merging(event.metadata ?? [:]) { _, own in own }, event.error,
                at: .now()))
    }

    /// Writes a line to standard error.
    static func write(_ line: String) {
        var line = line + "\n"
        line.withUTF8 { bytes in
            // One write, so that the lines of several threads do not mix. A line that cannot be written is lost.
            _ = Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        }
    }

    /// An event as one line; line breaks become spaces.
    static func line(
        _ level: Logger.Level, _ message: Logger.Message, _ metadata: Logger.Metadata, _ error: (any Error)? = nil,
        at moment: Timestamp
    ) -> String { "\(moment) \(level): \(text(message, metadata, error))" }

    /// An event's message, metadata and error as one line.
    static func text(_ message: Logger.Message, _ metadata: Logger.Metadata, _ error: (any Error)? = nil) -> String {
        var text = "\(message)"
        for (name, value) in metadata.sorted(by: { $0.key < $1.key }) { text += " \(name)=\(value)" }
        if let error { text += " error=\(error)" }
        return oneLine(text)
    }

    static func oneLine(_ text: String) -> String { text.split(whereSeparator: \.isNewline).joined(separator: " ") }
}
