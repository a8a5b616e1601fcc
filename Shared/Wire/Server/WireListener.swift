/// Where a server listens.
public enum WireListener: Sendable, Equatable {
    /// A socket file that the server makes with mode 0660 when it binds, and removes when it shuts down.
    case path(String)
    /// A listening socket that systemd passed. The server owns the descriptor and closes it. The file stays, and
    /// connections that were not accepted wait in the queue for the next process.
    case inherited(descriptor: Int32)
}

/// Why a server could not listen.
public enum WireListenError: Error, Equatable, CustomStringConvertible {
    case pathTooLong(path: String, bytes: Int)
    /// Another process listens there.
    case inUse(path: String)
    /// The path exists and is not a socket.
    case notASocket(path: String)
    /// The descriptor is not a listening Unix stream socket.
    case notListening(descriptor: Int32)
    /// A system call failed with `code`.
    case system(operation: String, path: String, code: Int32)
    /// The server already listens, or was shut down.
    case alreadyBound

    public var description: String {
        switch self {
        case .pathTooLong(let path, let bytes):
            "the socket path \(path) has \(bytes) bytes; a Unix socket takes at most \(WireLimits.socketPathBytesMax)"
        case .inUse(let path): "another process listens on \(path)"
        case .notASocket(let path): "\(path) exists and is not a socket"
        case .notListening(let descriptor): "descriptor \(descriptor) is not a listening Unix stream socket"
        case .system(let operation, let path, let code): "\(operation) \(path): \(errorText(code))"
        case .alreadyBound: "the server already listens, or was shut down"
        }
    }
}
