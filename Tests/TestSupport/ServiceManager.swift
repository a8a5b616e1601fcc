import Glibc

/// Takes systemd's place for one process: has the socket that `$NOTIFY_SOCKET` names, and records its messages.
///
/// Unlike systemd it starts, kills and restarts no process, enforces neither the watchdog nor a timeout, passes no
/// sockets, and does not check the sender of a message (`NotifyAccess=`). It reads only while a test waits or drains,
/// so a sender may have to wait for room in the socket's queue.
public final class ServiceManager {
    public let path: String
    private let descriptor: Int32
    /// Every message so far, in order.
    public private(set) var messages: [String] = []

    public init(in directory: TestDirectory) throws {
        path = directory.path + "/notify"
        descriptor = try Self.socket(at: path)
    }

    /// A datagram socket, as `NOTIFY_SOCKET` names one.
    public static func socket(at path: String) throws -> Int32 {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard descriptor >= 0, result == 0 else {
            throw ChildProcess.Failure(description: "no socket at \(path): errno \(errno)")
        }
        return descriptor
    }

    deinit { close(descriptor) }

    /// The environment for the process.
    ///
    /// - Parameter watchdog: how long systemd would wait for a ping.
    public func environment(watchdog: Duration? = nil) -> [String: String] {
        var environment = ["NOTIFY_SOCKET": path]
        if let watchdog { environment["WATCHDOG_USEC"] = "\(Int64(watchdog / .microseconds(1)))" }
        return environment
    }

    /// The next message; nil if none comes within `limit`.
    public func next(within limit: Duration) -> String? {
        let end = ContinuousClock.now + limit
        while true {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = max(.zero, end - .now)
            let ready = Glibc.poll(&poll, 1, Int32(left / .milliseconds(1)) + 1)
            if ready == 1 {
                var bytes = [UInt8](repeating: 0, count: 8_192)
                let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
                guard count >= 0 else { continue }
                let message = String(decoding: bytes.prefix(count), as: UTF8.self)
                messages.append(message)
                return message
            }
            if ready == 0 || errno != EINTR { return nil }
        }
    }

    /// The next message for which `isWanted` is true; skips all others.
    @discardableResult
    public func next(
        _ what: String, within limit: Duration = .seconds(20), where isWanted: (String) -> Bool
    ) throws -> String {
        let end = ContinuousClock.now + limit
        while .now < end, let message = next(within: end - .now) { if isWanted(message) { return message } }
        throw NotInTime(description: "not within \(limit): \(what); told was \(messages.suffix(20))")
    }

    @discardableResult
    public func nextPing(within limit: Duration = .seconds(20)) throws -> String {
        try next("a ping", within: limit) { $0 == "WATCHDOG=1" }
    }

    @discardableResult
    public func ready(within limit: Duration = .seconds(20)) throws -> String {
        try next("READY=1", within: limit) { $0.hasPrefix("READY=1\n") }
    }

    /// Whether no ping comes for `duration`.
    public func hasNoPing(for duration: Duration) -> Bool {
        let end = ContinuousClock.now + duration
        while .now < end, let message = next(within: end - .now) { if message == "WATCHDOG=1" { return false } }
        return true
    }

    /// Reads the messages that have arrived so far.
    public func drain() { while next(within: .zero) != nil {} }
}
