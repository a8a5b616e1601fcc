import Glibc

/// Reads what the kernel knows about a socket.
enum SocketInspection {
    /// The peer's process, user and group, by `SO_PEERCRED`; nil when the kernel does not tell.
    static func peer(of descriptor: Int32) -> PeerCredentials? {
        // struct ucred, which Glibc's module does not export.
        var credentials: (processID: Int32, userID: UInt32, groupID: UInt32) = (0, 0, 0)
        var bytes = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &bytes) == 0 else { return nil }
        return PeerCredentials(
            processID: credentials.processID, userID: credentials.userID, groupID: credentials.groupID)
    }

    /// The supplementary groups that the peer had when it connected, by `SO_PEERGROUPS`. These are the groups that the
    /// kernel compared with the socket file's mode, and reading them needs no user database, which could block.
    static func supplementaryGroups(of descriptor: Int32) -> [UInt32] {
        var groups = [UInt32](repeating: 0, count: 64)
        while true {
            var bytes = socklen_t(groups.count * MemoryLayout<UInt32>.stride)
            if getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, &groups, &bytes) == 0 {
                return Array(groups.prefix(Int(bytes) / MemoryLayout<UInt32>.stride))
            }
            // The kernel has set `bytes` to the size it needs; a process has at most 65,536 groups.
            let count = Int(bytes) / MemoryLayout<UInt32>.stride
            guard errno == ERANGE, count > groups.count else { return [] }
            groups = [UInt32](repeating: 0, count: count)
        }
    }

    /// The file that a socket is bound to; nil when it has none.
    static func boundPath(of descriptor: Int32) -> String? {
        var address = sockaddr_un()
        var bytes = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &bytes) }
        }
        guard result == 0, address.sun_family == sa_family_t(AF_UNIX) else { return nil }
        let path = withUnsafeBytes(of: &address.sun_path) { Array($0.prefix { $0 != 0 }) }
        return path.isEmpty ? nil : String(decoding: path, as: UTF8.self)
    }

    static func isListeningUnixSocket(_ descriptor: Int32) -> Bool {
        option(SO_ACCEPTCONN, of: descriptor) == 1 && option(SO_DOMAIN, of: descriptor) == AF_UNIX
            && option(SO_TYPE, of: descriptor) == Int32(SOCK_STREAM.rawValue)
    }

    static func setCloseOnExec(_ descriptor: Int32) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var bytes = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &bytes) == 0 ? value : nil
    }
}
