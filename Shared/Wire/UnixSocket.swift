import Glibc

/// A Unix stream socket that no channel owns yet, with its system calls. Close-on-exec and non-blocking.
struct UnixSocket: ~Copyable {
    let descriptor: Int32

    private init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { Glibc.close(descriptor) }

    /// Passes the descriptor to an owner that closes it.
    consuming func release() -> Int32 {
        let descriptor = self.descriptor
        discard self
        return descriptor
    }

    static func make() throws(SystemError) -> UnixSocket {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw SystemError(operation: "socket", code: errno) }
        return UnixSocket(owning: descriptor)
    }

    /// Connects without waiting: when the listener's queue is full, this fails with `EAGAIN`.
    func connect(to path: String) throws(SystemError) {
        try withAddress(of: path, operation: "connect") { Glibc.connect(descriptor, $0, $1) }
    }

    /// Creates the socket file with mode 0660, never with a wider mode in between, for any umask.
    func bind(to path: String) throws(SystemError) {
        // The new file gets the socket's mode without the umask's bits…
        guard fchmod(descriptor, 0o660) == 0 else { throw SystemError(operation: "fchmod", code: errno) }
        try withAddress(of: path, operation: "bind") { Glibc.bind(descriptor, $0, $1) }
        // …and the umask may have removed the group's permissions.
        guard chmod(path, 0o660) == 0 else { throw SystemError(operation: "chmod", code: errno) }
    }

    func listen() throws(SystemError) { try Self.listen(descriptor) }

    static func listen(_ descriptor: Int32) throws(SystemError) {
        guard Glibc.listen(descriptor, WireLimits.listenBacklog) == 0 else {
            throw SystemError(operation: "listen", code: errno)
        }
    }

    private func withAddress(
        of path: String, operation: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard (1...WireLimits.socketPathBytesMax).contains(bytes.count) else {
            throw SystemError(operation: operation, code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                retryingInterrupts { body(address, socklen_t(MemoryLayout<sockaddr_un>.size)) }
            }
        }
        guard result == 0 else { throw SystemError(operation: operation, code: errno) }
    }
}

/// A system call that failed.
struct SystemError: Error, Equatable, CustomStringConvertible {
    let operation: String
    let code: Int32

    var description: String { "\(operation): \(errorText(code))" }
}

func errorText(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
}

/// Repeats a system call until no signal interrupts it (`EINTR`).
func retryingInterrupts(_ call: () -> Int32) -> Int32 {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}
