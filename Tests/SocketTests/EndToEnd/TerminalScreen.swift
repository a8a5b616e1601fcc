import Foundation
import Glibc
import TestSupport

/// A terminal of 80 columns and 40 rows (in tmux), in which `run.sh` runs the services and the chat.
///
/// When `run.sh` has ended, the screen shows `ended` with its status and whether the terminal edits lines itself again.
/// All that was started ends with this object.
final class TerminalScreen {
    static let columns = 80
    static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Scripts/run.sh").standardizedFileURL.path

    let directory: TestDirectory
    private let tools: TestDirectory

    init() throws {
        directory = try TestDirectory()
        tools = try TestDirectory()
        let command = """
            trap : INT; '\(Self.script)' --dir '\(directory.path)'; \
            echo "ended $? $(stty -a | grep -o -E -e '-?icanon')"; exec tail -f /dev/null
            """
        try tmux("-f", "/dev/null", "-u", "new-session", "-d", "-x", "\(Self.columns)", "-y", "40", command)
    }

    // SAFETY: it fails only if the server has already ended.
    deinit { _ = try? tmux("kill-server") }

    /// Runs the chat during `body`; shows the screen if that fails.
    static func run(_ body: (TerminalScreen) async throws -> Void) async throws {
        let screen = try TerminalScreen()
        do {
            try await screen.wait("a prompt") { $0.last == "Ada:" }
            try await body(screen)
        } catch {
            throw NotInTime(description: "\(error)\n\(try screen.lines().joined(separator: "\n"))")
        }
        // `body` has ended it, or this does.
        try screen.press("C-u", "C-d")
        try await screen.wait("the end of run.sh") { $0.contains { $0.hasPrefix("ended ") } }
    }

    /// Types `text`, without Enter.
    func type(_ text: String) throws { try tmux("send-keys", "-l", text) }

    /// Presses keys by tmux's names: `Enter`, `Up`, `C-c`.
    func press(_ keys: String...) throws { try tmux(["send-keys"] + keys) }

    func say(_ text: String) throws {
        try type(text)
        try press("Enter")
    }

    /// The rows of the screen down to the last one that is not empty, without white space at their ends.
    func lines() throws -> [String] {
        var lines = try tmux("capture-pane", "-p").split(separator: "\n", omittingEmptySubsequences: false).map(
            String.init)
        while lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    func wait(_ what: String, until condition: ([String]) -> Bool) async throws {
        try await eventually(what) { condition(try lines()) }
    }

    /// Sends a signal to a service. `run.sh` writes its process ID when it starts it, which may be after the prompt.
    func signal(_ number: Int32, to service: RivetBinary) async throws {
        let path = "\(directory.path)/pid/\(service.rawValue)"
        try await eventually("\(service.rawValue) takes a signal") {
            let note = try? String(contentsOfFile: path, encoding: .utf8)
            return note.flatMap { Int32($0.filter(\.isNumber)) }.map { kill($0, number) == 0 } ?? false
        }
    }

    /// The process ID of `rivet-chat`, found by the arguments of all processes.
    func chatProcess() throws -> Int32 {
        for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
            guard let id = Int32(name), let line = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") else {
                continue
            }
            let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            if words.first == RivetBinary.chat.path, words.contains("\(directory.path)/notices") { return id }
        }
        throw NotInTime(description: "no process rivet-chat of \(directory.path)")
    }

    /// Writes a line to the pipe in which `run.sh` reports restarts of the services.
    func notify(_ text: String) throws {
        let file = open("\(directory.path)/notices", O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        let line = Array((text + "\n").utf8)
        guard write(file, line, line.count) == line.count else { throw NotInTime(description: "no notice: \(errno)") }
    }

    @discardableResult
    private func tmux(_ arguments: String...) throws -> String { try tmux(arguments) }

    @discardableResult
    private func tmux(_ arguments: [String]) throws -> String {
        let output = "\(tools.path)/tmux-\(UUID().uuidString)"
        let environment = [
            "TMUX_TMPDIR": tools.path, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm",
            "RIVET_BIN_DIR": URL(filePath: RivetBinary.chat.path).deletingLastPathComponent().path,
        ]
        let status = try ChildProcess("/usr/bin/tmux", arguments: arguments, environment: environment, log: output)
            .wait()
        let text = try String(contentsOfFile: output, encoding: .utf8)
        guard status == 0 else { throw NotInTime(description: "tmux \(arguments) ended with \(status): \(text)") }
        return text
    }
}
