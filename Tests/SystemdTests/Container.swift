import Foundation
import Glibc
import TestSupport

/// A Debian system with its own systemd, root and network, in a container that leaves nothing behind.
///
/// Unlike a machine it has no hardware, shares this machine's kernel, and has no network but loopback; its disk is in
/// memory, so fsync does nothing. The services of the base system are disabled.
final class Container: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// The outcome of a command.
    struct Outcome: Sendable {
        var status: Int32
        /// Standard output and error.
        var output: String
    }

    private static let bootLimit = Duration.seconds(60)

    private let directory: TestDirectory
    private let keeper: ChildProcess
    /// The process ID of the container's systemd on this machine.
    private let leader: Int32
    private let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]

    /// Boots the system with the root `base`: this machine's, or one that `Tests/Scripts/trixie.sh` made.
    ///
    /// The container sees the project's directory at the same path, read-only. Needs root.
    init(base: String = "/") async throws {
        let directory = try TestDirectory()
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/container.sh"
        let keeper = try ChildProcess(
            "/usr/bin/unshare", arguments: ["--mount", script, directory.path, "\(getpid())", base],
            environment: environment, log: directory.path + "/container.log")
        var leader: Int32?
        do {
            try await eventually("the container's systemd starts", within: Self.bootLimit) {
                leader = Self.text(directory.path + "/leader").flatMap { Int32($0.filter(\.isNumber)) }
                if leader == nil, !keeper.isRunning { throw Failure(description: "the container ended") }
                return leader != nil
            }
        } catch {
            throw Failure(description: "\(error): \(Self.text(directory.path + "/container.log") ?? "")")
        }
        self.directory = directory
        self.keeper = keeper
        self.leader = leader ?? -1
        try await eventually("the container is up", within: Self.bootLimit) {
            let state = try await run("systemctl is-system-running").output
            return state.contains("running") || state.contains("degraded")
        }
    }

    /// Ends the container, and returns after all its processes have ended.
    func end() async throws {
        await Self.blocking {
            self.keeper.signal(SIGTERM)
            self.keeper.wait()
        }
        try await eventually("the container is gone") { kill(self.leader, 0) != 0 }
    }

    /// Runs a shell script in the container, as root.
    @discardableResult
    func run(_ script: String) async throws -> Outcome {
        let log = "\(directory.path)/\(UUID().uuidString).out"
        let process = try ChildProcess(
            "/usr/bin/nsenter",
            arguments: ["-t", "\(leader)", "-m", "-u", "-i", "-n", "-p", "-C", "/bin/sh", "-c", script],
            environment: environment, log: log)
        let status = await Self.blocking { process.wait() }
        defer { unlink(log) }
        return Outcome(status: status, output: Self.text(log) ?? "")
    }

    /// Runs a script that must succeed.
    /// - Returns: its output.
    @discardableResult
    func must(_ script: String) async throws -> String {
        let outcome = try await run(script)
        guard outcome.status == 0 else {
            throw Failure(description: "\(script)\nended with \(outcome.status):\n\(outcome.output.suffix(3_000))")
        }
        return outcome.output
    }

    /// The path by which this process reaches a file in the container.
    func path(_ path: String) -> String { "/proc/\(leader)/root\(path)" }

    func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: self.path(path)))
    }

    /// The process IDs on this machine of the container's processes with this name (at most 15 bytes).
    func processes(named name: String) -> [Int32] {
        let own = Self.link("/proc/\(leader)/ns/pid")
        guard own != nil else { return [] }
        return ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }.filter {
            Self.text("/proc/\($0)/comm") == name + "\n" && Self.link("/proc/\($0)/ns/pid") == own
        }
    }

    /// A TCP socket that listens on 127.0.0.1 in the container's network.
    func listeningSocket() async throws -> Int32 {
        let path = "/proc/\(leader)/ns/net"
        return try await withCheckedThrowingContinuation { continuation in
            // Only this thread enters that network, and it ends here.
            let thread = Thread {
                continuation.resume(with: Result { try NetworkNamespace.listeningSocket(in: path) })
            }
            thread.start()
        }
    }

    /// Waits on a separate thread: the threads that tasks share are only one for each processor.
    static func blocking<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: body()) }
            thread.start()
        }
    }

    private static func text(_ path: String) -> String? {
        (try? Data(contentsOf: URL(fileURLWithPath: path))).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func link(_ path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }
}
