import Glibc

/// An open file or directory, closed when this value is destroyed.
struct OpenFile: ~Copyable {
    let descriptor: Int32
    let path: String

    /// - Parameter flags: those of open(2). Links are not followed.
    init(_ path: String, _ flags: Int32) throws(CommandFailure) {
        descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw FileFailure.of(path, errno) }
    }

    deinit { close(descriptor) }

    func write(_ bytes: UnsafeRawBufferPointer) throws(CommandFailure) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno != EINTR {
                throw FileFailure.of(path, errno)
            }
        }
    }

    /// When this returns, the content of the file, or the names in the directory, survive power loss.
    func sync() throws(CommandFailure) {
        guard fsync(descriptor) == 0 else { throw FileFailure.of(path, errno) }
    }

    /// Creates a file with `bytes` and syncs it.
    static func make(_ path: String, _ bytes: [UInt8]) throws(CommandFailure) {
        let file = try OpenFile(path, O_WRONLY | O_CREAT | O_EXCL)
        try bytes.withUnsafeBufferPointer { bytes throws(CommandFailure) in
            try file.write(UnsafeRawBufferPointer(bytes))
        }
        try file.sync()
    }

    static func sync(_ path: String) throws(CommandFailure) { try OpenFile(path, O_RDONLY).sync() }
}

/// The failure to report for a file that could not be used.
enum FileFailure {
    static func of(_ path: String, _ code: Int32) -> CommandFailure {
        let nextStep: String? =
            switch code {
            case EACCES, EPERM: "Use sudo"
            case ENOSPC, EDQUOT: "Make room there"
            case EROFS: "That file system is mounted read-only: choose another place, or mount it for writing"
            case EIO: "Is the disk failing? dmesg says more"
            case ELOOP: "It is a link: name what it leads to"
            default: nil
            }
        return CommandFailure("\(path): \(String(cString: strerror(code)))", nextStep: nextStep)
    }
}
