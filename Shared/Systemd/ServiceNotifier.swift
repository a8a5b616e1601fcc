import CSystemd
import Glibc

/// Tells systemd how this process is (sd_notify(3)). Does nothing where no service manager listens.
public struct ServiceNotifier: Sendable {
    /// systemd takes messages of up to 4,096 bytes, and shows one line.
    private static let statusCharactersMax = 900

    public init() {}

    /// The sockets are bound and the store is open: calls are answered from now on.
    public func ready(status: String) { notify("READY=1\nSTATUS=\(Self.line(status))") }

    /// One line for `systemctl status`.
    public func status(_ text: String) { notify("STATUS=\(Self.line(text))") }

    /// Settings are read again; `ready` ends it.
    public func reloading() {
        notify("RELOADING=1\nMONOTONIC_USEC=\(Self.monotonicMicroseconds)\nSTATUS=reading the settings again")
    }

    public func stopping() { notify("STOPPING=1\nSTATUS=stopping: finishing what was taken") }

    /// The start, or the stop, goes on and takes longer: another message comes within `duration`.
    public func extendTimeout(by duration: Duration, status: String) {
        notify("EXTEND_TIMEOUT_USEC=\(Int64(duration / .microseconds(1)))\nSTATUS=\(Self.line(status))")
    }

    /// Everything works. Unless this is told again within `watchdogDeadline`, systemd replaces the process.
    public func watchdog() { notify("WATCHDOG=1") }

    /// How long systemd waits for the next `watchdog()`; nil when it does not.
    public static var watchdogDeadline: Duration? {
        var microseconds: UInt64 = 0
        return sd_watchdog_enabled(0, &microseconds) > 0 ? .microseconds(Int64(clamping: microseconds)) : nil
    }

    private func notify(_ state: String) {
        // A status that could not be told is tolerated: systemd has its own time-outs for those that matter.
        _ = sd_notify(0, state)
    }

    /// By which a manager later than 252 tells this reload from an earlier one.
    private static var monotonicMicroseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000
    }

    private static func line(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count <= statusCharactersMax ? line : line.prefix(statusCharactersMax - 1) + "…"
    }
}
