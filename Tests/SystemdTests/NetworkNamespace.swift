import Glibc

/// A network other than that of this process.
enum NetworkNamespace {
    /// Moves the calling thread into the network at `path` (proc(5), ns/net) and opens a listening socket there.
    static func listeningSocket(in path: String) throws -> Int32 {
        let network = open(path, O_RDONLY | O_CLOEXEC)
        guard network >= 0 else { throw failure("open \(path)") }
        defer { close(network) }
        try enter(network)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(descriptor, 256) == 0 else {
            let failure = failure("bind")
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    static func port(of descriptor: Int32) -> UInt16 {
        var address = sockaddr_in()
        var bytes = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &bytes) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Whether a client connects to a listening socket in time.
    static func isAsked(_ descriptor: Int32, within limit: Duration) -> Bool {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&wanted, 1, Int32(limit / .milliseconds(1))) == 1
    }

    private static func enter(_ network: Int32) throws {
        typealias SetNamespace = @convention(c) (Int32, Int32) -> Int32
        let anyKind: Int32 = 0
        // A GNU extension, which the Glibc module does not export.
        guard let symbol = dlsym(nil, "setns") else { throw failure("setns") }
        // SAFETY: the symbol has the type that glibc declares in sched.h.
        guard unsafeBitCast(symbol, to: SetNamespace.self)(network, anyKind) == 0 else { throw failure("setns") }
    }

    private static func failure(_ what: String) -> Container.Failure {
        Container.Failure(description: "\(what): \(String(cString: strerror(errno)))")
    }
}
