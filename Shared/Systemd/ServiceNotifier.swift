import CSystemd

/// Tells systemd how this process is (sd_notify(3)). Does nothing where no service manager listens.
public struct ServiceNotifier: Sendable {
    public init() {}

    /// The sockets are bound and the store is open: calls are answered from now on.
    public func ready(status: String) { notify("READY=1\nSTATUS=\(status.oneLine)") }

    /// One line for `systemctl status`.
    public func status(_ text: String) { notify("STATUS=\(text.oneLine)") }

    public func stopping() { notify("STOPPING=1\nSTATUS=stopping: finishing what was taken") }

    private func notify(_ state: String) {
        // A status that could not be told is tolerated: systemd has its own time-outs for those that matter.
        _ = sd_notify(0, state)
    }
}

extension String {
    fileprivate var oneLine: String { split(whereSeparator: \.isNewline).joined(separator: " ") }
}
