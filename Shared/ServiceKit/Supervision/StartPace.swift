import FoundationEssentials
import Glibc
import ServiceLifecycle

/// How soon a service that failed tries again.
///
/// systemd starts a service 100 ms after its end, whatever the end was, and 252 knows no growing wait. So the next process
/// waits, before it does anything, when another try at once would most likely fail too.
///
/// A file is there from the beginning of a start until the service has worked for a while. The service appends `ready` to
/// it, and systemd a line after each end (`ExecStopPost=`): `$SERVICE_RESULT $EXIT_STATUS`. Without systemd no end is ever
/// noted, and no start waits.
struct StartPace: Service {
    /// How a run of the service ended that did not last.
    struct FailedRun: Equatable, Sendable {
        /// `$SERVICE_RESULT $EXIT_STATUS`.
        var end: String
        var wasReady: Bool
    }

    /// At 7 lines a start, systemd's own included, the journal gets fewer than 10 a minute.
    static let wait = Duration.seconds(60)
    /// A service that was ready for this long had worked: whatever ends it then, it is started again at once.
    static let workedLong = Duration.seconds(60)
    /// systemd's own start comes sooner after the end; a later one was asked for.
    private static let automaticWithin: TimeInterval = 10
    private static let killedStartsMax = 5
    private static let crashesSoonAfterReadyMax = 1
    private static let fileBytesMax = 4_096
    private static let ready = "ready"

    let path: String

    /// - Parameters:
    ///   - directory: outlives the process, and goes at a reboot.
    ///   - name: `state` for `state.starts`.
    init(directory: String, name: String) { path = "\(directory)/\(name).starts" }

    /// How the runs in a row that failed just before this one ended, oldest first.
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

    /// What a start waits, given how the runs before it ended.
    ///
    /// A kill comes from outside, and says nothing about the next start; a few in a row cost no time. An error, a crash, or
    /// a start that systemd ended because it took too long would come again. A crash or a missed watchdog soon after the
    /// service was ready costs no time once; a second one in a row does.
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

    /// A start begins.
    ///
    /// - Parameter keepsCount: whether the runs before it count on.
    /// - Returns: whether that is noted. If not, this run's end will not be either.
    @discardableResult
    func begun(keepsCount: Bool) -> Bool {
        guard let descriptor = file(O_CREAT | (keepsCount ? 0 : O_TRUNC)) else { return false }
        close(descriptor)
        return true
    }

    /// The service is ready; it has not worked for long yet.
    ///
    /// Where that cannot be noted, the end of this run counts as one of a start.
    func becameReady() {
        guard let descriptor = file(O_APPEND) else { return }
        defer { close(descriptor) }
        let line = Array("\(Self.ready)\n".utf8)
        // Seven bytes into a file in memory: whole, or not at all.
        _ = write(descriptor, line, line.count)
    }

    /// Waits until the service has worked for long, or is told to stop.
    func run() async throws {
        let slept: Void? = try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.workedLong) }
        guard slept != nil else { return }
        cleared()
        try? await gracefulShutdown()
    }

    /// The service has worked for long, or was told to stop: what was before does not count any more.
    func cleared() { unlink(path) }

    private func file(_ flags: Int32) -> Int32? {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0o600)
        return descriptor >= 0 ? descriptor : nil
    }

    /// It was told to stop, or a setting was wrong: what starts it next is an operator.
    private static func wasOrderly(_ end: String) -> Bool { end.hasPrefix("success") || end == "exit-code 78" }

    private static func cameFromOutside(_ end: String) -> Bool { end == "signal KILL" }
}
