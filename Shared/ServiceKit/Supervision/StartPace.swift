import FoundationEssentials
import Glibc
import ServiceLifecycle

/// Decides how soon a service that failed starts working again.
///
/// systemd starts a service 100 ms after any end, and version 252 cannot increase that delay. So if another start would
/// most likely fail too, the next process waits before it does anything.
///
/// A file exists from the beginning of a start until the service has worked for a while. The service appends `ready` to
/// it; systemd appends a line after each end (`ExecStopPost=`): `$SERVICE_RESULT $EXIT_STATUS`. Without systemd no end
/// is recorded, and no start waits.
struct StartPace: Service {
    /// How a short run of the service ended.
    struct FailedRun: Equatable, Sendable {
        /// `$SERVICE_RESULT $EXIT_STATUS`.
        var end: String
        var wasReady: Bool
    }

    /// A start writes 7 lines to the journal, systemd's included. With this wait they are fewer than 10 a minute.
    static let wait = Duration.seconds(60)
    /// A service that was ready for this long has worked. After any end it starts again at once.
    static let workedLong = Duration.seconds(60)
    /// An automatic start by systemd comes within this time after the end. A later one was requested by the operator.
    private static let automaticWithin: TimeInterval = 10
    private static let killedStartsMax = 5
    private static let crashesSoonAfterReadyMax = 1
    private static let fileBytesMax = 4_096
    private static let ready = "ready"

    let path: String

    /// - Parameters:
    ///   - directory: outlives the process, but not a reboot.
    ///   - name: for example `state` for `state.starts`.
    init(directory: String, name: String) { path = "\(directory)/\(name).starts" }

    /// The consecutive failed runs just before this one, oldest first.
    func failedRuns(now: Date = Date()) -> [FailedRun] {
        var status = stat()
        guard stat(path, &status) == 0, status.st_size > 0, status.st_size <= Self.fileBytesMax,
            now.timeIntervalSince1970 - Double(status.st_mtim.tv_sec) <= Self.automaticWithin,
            let data = FileManager.default.contents(atPath: path)
        else { return [] }
        var runs: [FailedRun] = []
        var wasReady = false
        for line in data.split(separator: UInt8(ascii: "\n")).map({ String(decoding: $0, as: UTF8.self) }) {
            if line == Self.ready {
                wasReady = true
                continue
            }
            if Self.wasOrderly(line) {
                runs = []
            } else if !wasReady || !Self.cameFromOutside(line) {
                runs.append(FailedRun(end: line, wasReady: wasReady))
            }
            wasReady = false
        }
        return runs
    }

    /// How long a start waits, given how the runs before it ended.
    ///
    /// A kill comes from outside and says nothing about the next start, so a few consecutive ones cause no wait. An
    /// error, a crash, or a start that systemd ended because it took too long would occur again, so it causes a wait.
    /// A single crash or missed watchdog ping soon after the service was ready causes no wait; a second consecutive one
    /// does.
    static func wait(after failedRuns: [FailedRun]) -> Duration {
        guard let last = failedRuns.last else { return .zero }
        let allowed: Int
        switch last {
        case _ where last.wasReady: allowed = crashesSoonAfterReadyMax
        case _ where cameFromOutside(last.end) || last.end.hasPrefix("protocol "): allowed = killedStartsMax
        default: allowed = 0
        }
        return failedRuns.count <= allowed ? .zero : wait
    }

    /// Records that a start begins.
    ///
    /// - Parameter keepsCount: whether the earlier runs still count.
    /// - Returns: whether it was recorded. If not, the end of this run will not be recorded either.
    @discardableResult
    func begun(keepsCount: Bool) -> Bool {
        guard let descriptor = file(O_CREAT | (keepsCount ? 0 : O_TRUNC)) else { return false }
        close(descriptor)
        return true
    }

    /// Records that the service is ready, but has not worked for long.
    ///
    /// If this cannot be recorded, the end of this run counts as the end of a start.
    func becameReady() {
        guard let descriptor = file(O_APPEND) else { return }
        defer { close(descriptor) }
        let line = Array("\(Self.ready)\n".utf8)
        // These few bytes go to a file in memory, so they are written completely or not at all.
        _ = write(descriptor, line, line.count)
    }

    /// Waits until the service has worked for `workedLong`, or is stopped.
    func run() async throws {
        let slept: Void? = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.workedLong) }
        guard slept != nil else { return }
        cleared()
        try? await gracefulShutdown()
    }

    /// Removes the record: the service has worked for `workedLong` or was stopped, so earlier runs no longer count.
    func cleared() { unlink(path) }

    private func file(_ flags: Int32) -> Int32? {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0o600)
        return descriptor >= 0 ? descriptor : nil
    }

    /// Whether the service was stopped or a setting was wrong. The operator then starts it the next time.
    private static func wasOrderly(_ end: String) -> Bool { end.hasPrefix("success") || end == "exit-code 78" }

    private static func cameFromOutside(_ end: String) -> Bool { end == "signal KILL" }
}
