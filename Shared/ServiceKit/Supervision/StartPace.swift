import FoundationEssentials
import Glibc

/// How soon a service that failed before it was ready tries again.
///
/// systemd starts a service 100 ms after its end, whatever the end was, and 252 knows no growing wait. So the next process
/// waits, before it does anything, when another try at once would most likely fail too.
///
/// A file is there from the beginning of a start until the service is ready. After each end that comes before that, systemd
/// appends a line to it (`ExecStopPost=`): `$SERVICE_RESULT $EXIT_STATUS`. Without systemd no line is ever written, and
/// no start waits.
struct StartPace: Sendable {
    /// At 7 lines a start, systemd's own included, the journal gets fewer than 10 a minute.
    static let wait = Duration.seconds(60)
    /// A service that exits with an error later than this after it was ready had worked: it is started again at once.
    static let workedLong = Duration.seconds(60)
    /// systemd's own start comes sooner after the end; a later one was asked for.
    private static let automaticWithin: TimeInterval = 10
    private static let killedStartsMax = 5
    private static let fileBytesMax = 4_096

    let path: String

    /// - Parameters:
    ///   - directory: outlives the process, and goes at a reboot.
    ///   - name: `state` for `state.starts`.
    init(directory: String, name: String) { path = "\(directory)/\(name).starts" }

    /// How the starts in a row that failed just before this one ended, oldest first.
    func failedStarts(now: Date = Date()) -> [String] {
        var status = stat()
        guard stat(path, &status) == 0, status.st_size > 0, status.st_size <= Self.fileBytesMax,
            now.timeIntervalSince1970 - Double(status.st_mtim.tv_sec) <= Self.automaticWithin,
            let data = FileManager.default.contents(atPath: path)
        else { return [] }
        let ends = data.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
        return Array(ends.reversed().prefix { !Self.wasOrderly($0) }.reversed())
    }

    /// What a start waits, given how those before it ended.
    ///
    /// A kill comes from outside, and says nothing about the next start; a few in a row cost no time. An error, a crash, or
    /// a start that systemd ended because it took too long would come again.
    static func wait(after failedStarts: [String]) -> Duration {
        switch failedStarts.last {
        case nil: .zero
        case let end? where end == "signal KILL" || end.hasPrefix("protocol "):
            failedStarts.count <= killedStartsMax ? .zero : wait
        default: wait
        }
    }

    /// A start begins.
    ///
    /// - Parameter keepsCount: whether the starts before it count on.
    /// - Returns: whether that is noted. If not, this start's end will not be either.
    @discardableResult
    func begun(keepsCount: Bool) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (keepsCount ? 0 : O_TRUNC), 0o600)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// It was told to stop, or a setting was wrong: what starts it next is an operator.
    private static func wasOrderly(_ end: String) -> Bool { end.hasPrefix("success") || end == "exit-code 78" }

    /// The service is ready, or was told to stop: what was before does not count any more.
    func cleared() { unlink(path) }
}
