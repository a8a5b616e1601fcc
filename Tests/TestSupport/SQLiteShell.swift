import Foundation
import Glibc

/// Debian's real sqlite3 shell with a database open, as an operator uses it. It ends with the test.
public final class SQLiteShell {
    public static let path = "/usr/bin/sqlite3"

    public let process: ChildProcess
    private let directory: TestDirectory
    private let input: Int32
    private var log: String { directory.path + "/output" }

    public init(_ database: String) throws {
        directory = try TestDirectory()
        let fifo = directory.path + "/input"
        guard mkfifo(fifo, 0o600) == 0 else { throw ChildProcess.Failure(description: "mkfifo: \(errno)") }
        process = try ChildProcess(
            "/bin/sh", arguments: ["-c", "exec \"$0\" \"$1\" <\"$2\"", Self.path, database, fifo], environment: [:],
            log: directory.path + "/output")
        // Opened for reading and writing, so that the open does not wait for the other end.
        input = open(fifo, O_RDWR | O_CLOEXEC)
        guard input >= 0 else { throw ChildProcess.Failure(description: "open \(fifo): \(errno)") }
    }

    deinit { close(input) }

    /// Lets the shell run `sql`, and returns after it has printed the line `answer`.
    public func run(_ sql: String, answers answer: String) async throws {
        let bytes = Array((sql + "\n").utf8)
        guard write(input, bytes, bytes.count) == bytes.count else {
            throw ChildProcess.Failure(description: "the shell takes nothing")
        }
        try await eventually("the shell answers \(answer)") {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            return text.split(separator: "\n").contains(Substring(answer))
        }
    }

    /// Ends the shell, and with it its transaction.
    public func end() throws {
        _ = write(input, ".quit\n", 6)
        process.wait()
    }
}
