import CSystemd
import Glibc

/// Reports this process's state to systemd (sd_notify(3)). Does nothing if no service manager listens.
public struct ServiceNotifier: Sendable {
    /// systemd accepts messages of up to 4,096 bytes, and shows one line.
    private static let statusCharactersMax = 900

    public init() {}

    /// Reports that the sockets are bound and the store is open: calls are served from now on.
    public func ready(status: String) { notify("READY=1\nSTATUS=\(Self.line(status))") }

    /// Sets the status line of `systemctl status`.
    public func status(_ text: String) { notify("STATUS=\(Self.line(text))") }

    /// Reports that the settings are being read again. `ready` ends this state.
    public func reloading() {
        notify("RELOADING=1\nMONOTONIC_USEC=\(Self.monotonicMicroseconds)\nSTATUS=reading the settings again")
    }

    public func stopping() { notify("STOPPING=1\nSTATUS=stopping: finishing what was taken") }

    /// Reports that the start or the stop makes progress but takes longer: another message comes within `duration`.
    public func extendTimeout(by duration: Duration, status: String) {
        notify("EXTEND_TIMEOUT_USEC=\(Int64(duration / .microseconds(1)))\nSTATUS=\(Self.line(status))")
    }

    /// Sends a watchdog ping. If the next one does not come within `watchdogDeadline`, systemd replaces the process.
    public func watchdog() { notify("WATCHDOG=1") }

    /// How long systemd waits for the next `watchdog()`; nil when the unit has no watchdog.
    public static var watchdogDeadline: Duration? {
        var microseconds: UInt64 = 0
        return sd_watchdog_enabled(0, &microseconds) > 0 ? .microseconds(Int64(clamping: microseconds)) : nil
    }

    private func notify(_ state: String) {
        // Ignore a failure: for the messages that matter, systemd has its own time-outs.
        _ = sd_notify(0, state)
    }

    /// The time by which a service manager later than 252 distinguishes this reload from an earlier one.
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
