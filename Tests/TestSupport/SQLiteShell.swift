import Foundation
import Glibc

/// Debian's sqlite3 shell on a database, as an operator has it open. Ended with the test.
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
        // Open for reading and writing, so that opening it does not wait for the other end.
        input = open(fifo, O_RDWR | O_CLOEXEC)
        guard input >= 0 else { throw ChildProcess.Failure(description: "open \(fifo): \(errno)") }
    }

    deinit { close(input) }

    /// Has it run `sql`, and returns when it has printed a line `answer`.
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

    /// Ends it, with its transaction.
    public func end() throws {
        _ = write(input, ".quit\n", 6)
        process.wait()
    }
}
