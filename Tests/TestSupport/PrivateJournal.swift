import Foundation
import Glibc

/// A real systemd-journald with a separate journal, in a mount namespace with a separate `/run` and `/var/log/journal`.
/// It needs root, and the programs.
///
/// Unlike the journal of a machine it has no entries of the kernel, and systemd starts none of its programs: their
/// entries lack the unit that a service's entries have.
public final class PrivateJournal {
    private static let daemon = "/lib/systemd/systemd-journald"
    private let process: ChildProcess
    private let directory: TestDirectory

    /// Whether this machine allows one.
    public static var isPossible: Bool {
        let programs = [
            daemon, "/usr/bin/unshare", "/usr/bin/nsenter", "/usr/bin/systemd-cat", "/usr/bin/journalctl",
        ]
        return geteuid() == 0 && access("/etc/machine-id", R_OK) == 0
            && programs.allSatisfy { program in access(program, X_OK) == 0 } && canUnshare
    }

    private static var canUnshare: Bool {
        (try? ChildProcess(
            "/usr/bin/unshare",
            arguments: ["--mount", "--propagation", "private", "mount", "-t", "tmpfs", "tmpfs", "/run"],
            environment: [:], log: "/dev/null"
        ).wait()) == 0
    }

    public init(in directory: TestDirectory) throws {
        self.directory = directory
        // Without the kernel's messages, which do not belong to this journal.
        let script = """
            mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal /run/log/journal &&
            { [ ! -d /var/log/journal ] || mount -t tmpfs tmpfs /var/log/journal; } &&
            mkdir -p "/run/log/journal/$(cat /etc/machine-id)" &&
            { mount --bind /dev/null /dev/kmsg || :; } && exec \(Self.daemon)
            """
        process = try ChildProcess(
            "/usr/bin/unshare", arguments: ["--mount", "--propagation", "private", "sh", "-c", script],
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], log: directory.path + "/journald.log")
    }

    deinit { process.killNow() }

    /// Waits until the journal accepts entries.
    public func start() async throws {
        try await eventually("journald listens") {
            guard process.isRunning else {
                let log = try? String(contentsOfFile: directory.path + "/journald.log", encoding: .utf8)
                throw ChildProcess.Failure(description: "journald ended: \(log ?? "")")
            }
            return accepts(SOCK_DGRAM, "socket") && accepts(SOCK_STREAM, "stdout")
        }
    }

    /// Whether one of its sockets accepts a connection: the file exists before the daemon listens.
    private func accepts(_ type: __socket_type, _ name: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(type.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = "/proc/\(process.processID)/root/run/systemd/journal/\(name)"
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    /// Runs a program for which this is the journal of the machine.
    ///
    /// - Parameter isConnected: whether its standard error is connected to the journal, as that of a unit.
    public func run(
        _ program: String, _ arguments: [String] = [], _ environment: [String: String] = [:], isConnected: Bool,
        log: String
    ) throws -> ChildProcess {
        let connected = [
            "systemd-cat", "--identifier=raw", "--", "sh", "-c",
            "export JOURNAL_STREAM=$(stat --dereference --format=%d:%i /proc/self/fd/2) && exec \"$0\" \"$@\"",
        ]
        return try ChildProcess(
            "/usr/bin/nsenter",
            arguments: ["--target", "\(process.processID)", "--mount"] + (isConnected ? connected : []) + [program]
                + arguments,
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"].merging(environment) { $1 }, log: log)
    }
}
