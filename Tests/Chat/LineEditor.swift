import CLibedit
import Glibc
import Synchronization
import Threads

/// The line that a person types in a terminal, edited by libedit, and the output shown above it.
///
/// libedit runs on one thread, which also writes all other output, so that no output cuts into the line.
final class LineEditor: Sendable {
    struct Work {
        /// The output to show above the line.
        var output: [UInt8] = []
        /// The terminal's size has changed, or another program has used it.
        var isTerminalChanged = false
        var isFinished = false
    }

    private struct State {
        var work = Work()
        /// Editing has ended: output is written at once.
        var isEnded = false
    }

    /// The typed lines, until the end of the input or `finish()`.
    let lines: AsyncStream<String>
    private let typed: AsyncStream<String>.Continuation
    private let ended: AsyncStream<Never>
    private let end: AsyncStream<Never>.Continuation
    private let state = Mutex(State())
    /// An eventfd, readable when there is work.
    private let wakeDescriptor: Int32

    /// - Throws: if the system refuses a descriptor.
    init() throws(ChatError) {
        wakeDescriptor = rivet_edit_wake_descriptor()
        guard wakeDescriptor >= 0 else { throw ChatError("no eventfd: \(String(cString: strerror(errno)))") }
        (lines, typed) = AsyncStream.makeStream()
        (ended, end) = AsyncStream.makeStream()
    }

    deinit { close(wakeDescriptor) }

    /// Whether a line can be edited here: input and output are a terminal that can move its cursor.
    static var isPossible: Bool {
        let terminal = getenv("TERM").map { String(cString: $0) } ?? ""
        return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && !["", "dumb"].contains(terminal)
    }

    /// Starts the editing.
    ///
    /// - Parameter prompt: the prompts of a first line and of a continued one.
    func start(prompt: EditorPrompt) throws(ThreadError) {
        try NamedThread.start("line-editor") { [self] in
            let session = EditSession(self, prompt: prompt)
            while let line = session.nextLine() { typed.yield(line) }
            session.close()
            let rest = state.withLock { state in
                state.isEnded = true
                defer { state.work = Work() }
                return state.work.output
            }
            Self.write(rest)
            typed.finish()
            end.finish()
        }
    }

    /// Shows `text`, which consists of whole lines, above the edited line.
    func show(_ text: String) {
        let isEnded = state.withLock { state in
            if !state.isEnded { state.work.output += Array(text.utf8) }
            return state.isEnded
        }
        if isEnded { Self.write(Array(text.utf8)) } else { wake() }
    }

    /// Call it after the terminal's size has changed, or another program has used it: its content is shown again.
    func terminalChanged() {
        state.withLock { $0.work.isTerminalChanged = true }
        wake()
    }

    /// Ends the editing; the unfinished line is lost. Returns after the terminal is restored.
    func finish() async {
        state.withLock { $0.work.isFinished = true }
        wake()
        for await _ in ended {}
    }

    private func wake() {
        // It fails only if the descriptor is already readable.
        _ = eventfd_write(wakeDescriptor, 1)
    }

    // MARK: On the editor's thread

    /// Waits for input or work; nil for input.
    func nextWork() -> Work? {
        var sources = [
            pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        while poll(&sources, 2, -1) < 0 { if errno != EINTR { break } }
        guard sources[1].revents != 0 else { return nil }
        var count: eventfd_t = 0
        _ = eventfd_read(wakeDescriptor, &count)
        return state.withLock { state in
            defer { state.work.output = [] }
            defer { state.work.isTerminalChanged = false }
            return state.work
        }
    }

    static func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}
