import Glibc

/// A listening socket and its file.
public struct ListeningSocket: Sendable {
    /// Listening, close-on-exec and non-blocking.
    public let descriptor: Int32
    /// nil for a socket without a file.
    let path: String?
    /// The file that this process made; nil when systemd made it. `removeFile()` compares it, so that it does not
    /// remove a file that another process made at the same path later.
    private let ownFile: FileIdentity?

    struct FileIdentity: Equatable, Sendable {
        let device: UInt
        let inode: UInt
    }

    /// Opens `listener`. When this returns, the socket listens.
    ///
    /// - Throws: `WireListenError`; then nothing is left behind.
    public static func open(_ listener: WireListener) async throws -> ListeningSocket {
        switch listener {
        case .path(let path): try await create(at: path)
        case .inherited(let descriptor): try adopt(descriptor)
        }
    }

    /// The socket file's current group; nil when there is no file.
    func group() -> UInt32? {
        guard let path, let status = Self.status(of: path) else { return nil }
        return status.st_gid
    }

    /// Removes the socket file if this process made it and no other process has replaced it.
    public func removeFile() {
        guard let path, let ownFile, let status = Self.status(of: path), status.identity == ownFile else { return }
        unlink(path)
    }

    private static func adopt(_ descriptor: Int32) throws(WireListenError) -> ListeningSocket {
        guard SocketInspection.isListeningUnixSocket(descriptor) else { throw .notListening(descriptor: descriptor) }
        SocketInspection.setCloseOnExec(descriptor)
        return ListeningSocket(
            descriptor: descriptor, path: SocketInspection.boundPath(of: descriptor), ownFile: nil)
    }

    private static func create(at path: String) async throws -> ListeningSocket {
        let pathBytes = path.utf8.count
        guard pathBytes <= WireLimits.socketPathBytesMax else {
            throw WireListenError.pathTooLong(path: path, bytes: pathBytes)
        }
        // Without the lock, of two processes that start at the same time, the second could take the first one's socket,
        // bound but not listening yet, for a stale one.
        let lock = try await DirectoryLock.take(forFileAt: path)
        defer { lock.release() }
        do {
            try removeStaleSocket(at: path)
            let socket = try UnixSocket.make()
            try socket.bind(to: path)
            try socket.listen()
            return ListeningSocket(descriptor: socket.release(), path: path, ownFile: status(of: path)?.identity)
        } catch let error as SystemError {
            throw WireListenError.system(operation: error.operation, path: path, code: error.code)
        }
    }

    private static func removeStaleSocket(at path: String) throws {
        guard let status = status(of: path) else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw WireListenError.notASocket(path: path) }
        do throws(SystemError) {
            try UnixSocket.make().connect(to: path)
        } catch {
            switch error.code {
            case ECONNREFUSED: unlink(path)
            case ENOENT: break
            case EAGAIN: throw WireListenError.inUse(path: path)
            default: throw error
            }
            return
        }
        throw WireListenError.inUse(path: path)
    }

    private static func status(of path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }
}

extension stat {
    fileprivate var identity: ListeningSocket.FileIdentity { .init(device: UInt(st_dev), inode: UInt(st_ino)) }
}
