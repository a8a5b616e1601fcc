import Glibc
import Synchronization

/// A program that a test runs. It is killed when this object is released, even if it is stopped.
public final class ChildProcess: Sendable {
    public struct Failure: Error, CustomStringConvertible {
        public var description: String

        public init(description: String) { self.description = description }
    }

    public let processID: Int32
    private let exitStatus = Mutex<Int32?>(nil)

    /// Starts `path` with only `environment`; standard output and standard error are appended to the file `log`.
    public init(
        _ path: String, arguments: [String] = [], environment: [String: String], log: String
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        Self.closeFrom(3, &actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The parent may block or ignore signals that the child depends on.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var processID: pid_t = 0
        let argv = ([path] + arguments).map { strdup($0) } + [nil]
        let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        let code = posix_spawn(&processID, path, &actions, &attributes, argv, envp)
        guard code == 0 else { throw Failure(description: "cannot start \(path): \(String(cString: strerror(code)))") }
        self.processID = processID
    }

    /// Lets the child inherit no descriptor from `lowest` on. With the listening socket of another test, for example,
    /// the child would keep that port in use while it runs.
    private static func closeFrom(_ lowest: Int32, _ actions: inout posix_spawn_file_actions_t) {
        typealias CloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
        // A GNU extension (glibc 2.34), which the Glibc module does not export.
        guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else { return }
        // SAFETY: the symbol, if there is one, has the type that glibc's spawn.h declares.
        _ = unsafeBitCast(symbol, to: CloseFrom.self)(&actions, lowest)
    }

    deinit {
        guard isRunning else { return }
        signal(SIGKILL)
        signal(SIGCONT)
        wait()
    }

    public func signal(_ number: Int32) {
        exitStatus.withLock { status in
            // After the process was waited for, its ID may belong to another process.
            if status == nil { _ = Glibc.kill(processID, number) }
        }
    }

    /// Sends SIGKILL, and waits for the end.
    public func killNow() {
        signal(SIGKILL)
        wait()
    }

    public var isRunning: Bool {
        exitStatus.withLock { status in
            guard status == nil else { return false }
            var raw: Int32 = 0
            if waitpid(processID, &raw, WNOHANG) == processID { status = raw }
            return status == nil
        }
    }

    /// Waits for the end of the process.
    /// - Returns: the exit code, or 128 plus the number of the signal.
    @discardableResult
    public func wait() -> Int32 {
        exitStatus.withLock { status in
            var raw = status ?? 0
            if status == nil { while waitpid(processID, &raw, 0) == -1, errno == EINTR {} }
            status = raw
            return raw & 0x7F == 0 ? (raw >> 8) & 0xFF : 128 + (raw & 0x7F)
        }
    }

    /// Resident memory, in bytes (proc(5), VmRSS).
    public var residentBytes: Int? { Self.field("VmRSS:", "/proc/\(processID)/status").map { $0 * 1_024 } }

    /// Processor time used so far, in clock ticks (proc(5), utime and stime).
    public var processorTicks: Int? {
        guard let line = Self.contents("/proc/\(processID)/stat") else { return nil }
        let fields = line.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return nil }
        return user + system
    }

    private static func field(_ name: String, _ path: String) -> Int? {
        contents(path)?.split(separator: "\n").first { $0.hasPrefix(name) }?
            .split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }

    private static func contents(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 8_192)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}
