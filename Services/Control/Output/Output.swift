import Contracts
import Glibc

/// Writes to standard output and standard error.
enum Output {
    /// Opens /dev/null, read-only, for each closed standard descriptor. Otherwise a database or socket that is opened
    /// later could get its number, and output would be written into it.
    static func reserveDescriptors() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
            _ = open("/dev/null", O_RDONLY)
        }
    }

    /// Writes `lines` to standard output. They must be harmless for a terminal.
    ///
    /// A reader that closed the pipe is no failure: it has read what it wanted.
    static func print(_ lines: [String]) throws(CommandFailure) {
        let code = write(lines.map { $0 + "\n" }.joined(), to: STDOUT_FILENO)
        guard code == 0 || code == EPIPE else {
            throw CommandFailure(
                "the output could not be written: \(String(cString: strerror(code)))", exitCode: ExitCodes.output)
        }
    }

    static func print(_ json: JSONValue) throws(CommandFailure) { try print([TerminalText.json(json)]) }

    /// Writes why a command failed: to standard error, or as the one JSON object on standard output.
    /// - Returns: the exit code.
    static func report(_ failure: CommandFailure, asJSON: Bool) -> Int32 {
        // If standard output cannot be written, the failure goes to standard error.
        if asJSON, failure.exitCode != ExitCodes.output {
            do throws(CommandFailure) { try print(failure.json) } catch { return report(error, asJSON: false) }
        } else {
            error(failure.line)
        }
        return failure.exitCode
    }

    /// Writes one line to standard error.
    static func error(_ line: String) { _ = write(line + "\n", to: STDERR_FILENO) }

    /// - Returns: 0, or the error code.
    static func write(_ text: String, to descriptor: Int32) -> Int32 {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                bytes = bytes.dropFirst(count)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}
