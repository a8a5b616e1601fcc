import Contracts
import Glibc
import Systemd

/// Entries of the journal, for a person and for a program.
struct LogListing {
    var id: String
    var entries: [JournalReader.Entry]

    var lines: [String] {
        entries.map { entry in
            TerminalText.escaped(
                "\(time(entry)) \(entry.fields["SYSLOG_IDENTIFIER"] ?? "?") \(level(entry)): "
                    + (entry.fields["MESSAGE"] ?? ""))
        }
    }

    var json: JSONValue {
        [
            "entries": .array(
                entries.map { entry in
                    let own = entry.fields.filter { $0.key.hasPrefix("RIVET_") }.mapValues { JSONValue.string($0) }
                    return [
                        "time": .string("\(time(entry))"), "service": entry.fields["SYSLOG_IDENTIFIER"].json,
                        "level": .string(level(entry)), "message": entry.fields["MESSAGE"].json, "fields": .object(own),
                    ]
                })
        ]
    }

    /// The line for standard error when there is no entry.
    var nothingLine: String {
        "rivetctl: the journal has nothing about \(id). The services log a line for each failure; with "
            + "RIVET_LOG_LEVEL=debug also for each update"
    }

    static func failure(_ failure: JournalReader.Failure) -> CommandFailure {
        switch failure {
        case .none(let directories):
            CommandFailure(
                "there is no journal in \(directories.joined(separator: " or "))",
                nextStep: "Without systemd the services log to standard error: make run keeps that in .rivet/log")
        case .notAllowed(let file):
            CommandFailure(
                "\(file): permission denied",
                nextStep: "Use sudo, or join the group systemd-journal and log in again")
        case .system(let operation, let code):
            CommandFailure(
                "cannot \(operation): \(String(cString: strerror(code)))",
                nextStep: "Can journalctl read it? journalctl --verify says whether a file is broken")
        }
    }

    private func time(_ entry: JournalReader.Entry) -> Timestamp {
        Timestamp(milliseconds: Int64(clamping: entry.microseconds / 1_000))
    }

    private func level(_ entry: JournalReader.Entry) -> String {
        switch entry.fields["PRIORITY"] {
        case "0", "1", "2": "critical"
        case "3": "error"
        case "4": "warning"
        case "5": "notice"
        case "7": "debug"
        default: "info"
        }
    }
}
