import Glibc

/// Finds out by connecting whether a process listens on a socket file. `WireClient` keeps trying when none does, which
/// is right for a service but hides the cause from the operator.
enum SocketProbe {
    enum Finding: Equatable {
        case listening
        case noFile
        /// A file that a killed process left behind.
        case nobodyListens
        case permissionDenied
        case failed(code: Int32)
    }

    /// Never waits.
    static func find(_ path: String) -> Finding {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { return .failed(code: errno) }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return .failed(code: ENAMETOOLONG) }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return finding(code: result == 0 ? 0 : errno)
    }

    /// What the result of connect(2) means. `code` is `errno`; 0 is success.
    static func finding(code: Int32) -> Finding {
        switch code {
        // EAGAIN: the queue of waiting connections is full, so a process listens.
        case 0, EAGAIN: .listening
        case ENOENT, ENOTDIR: .noFile
        case ECONNREFUSED: .nobodyListens
        case EACCES, EPERM: .permissionDenied
        default: .failed(code: code)
        }
    }
}
