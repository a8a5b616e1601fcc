import Glibc
import KillPoints

/// Reads and replaces small files as a whole.
public enum DurableFile {
    /// Why a file could not be read or replaced.
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// The file that was read or written, or its directory.
        public var path: String
        /// `errno`.
        public var code: Int32

        public var description: String { "\(path): \(String(cString: strerror(code)))" }
    }

    /// The content of the file at `path`; nil when the file does not exist.
    /// - Throws: when it cannot be read, or has more than `bytesMax` bytes (`EFBIG`).
    public static func read(_ path: String, bytesMax: Int) throws(Failure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Failure(path: path, code: errno)
        }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = buffer.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return content }
            if count > 0 {
                content += buffer[..<count]
                guard content.count <= bytesMax else { throw Failure(path: path, code: EFBIG) }
            } else if errno != EINTR {
                throw Failure(path: path, code: errno)
            }
        }
    }

    /// Where the new content is written before it replaces the file at `path`.
    public static func freshPath(_ path: String) -> String { path + ".new" }

    /// Replaces the file at `path`, or creates it; its mode is 0600.
    ///
    /// Durable: when this returns, `bytes` survive a power loss. Atomic: until then, and if it throws, a reader finds
    /// either the complete old content or the complete new one.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(Failure) {
        let fresh = freshPath(path)
        // A file that an earlier process left may belong to another user or be a link.
        unlink(fresh)
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(path: fresh, code: errno) }
        do throws(Failure) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor, fresh)
            killPoint("file.written")
            guard fsync(descriptor) == 0 else { throw Failure(path: fresh, code: errno) }
            killPoint("file.synced")
            guard rename(fresh, path) == 0 else { throw Failure(path: path, code: errno) }
        } catch {
            unlink(fresh)
            throw error
        }
        killPoint("file.renamed")
        try syncDirectory(of: path)
        killPoint("file.durable")
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw Failure(path: path, code: errno)
            }
        }
    }

    private static func syncDirectory(of path: String) throws(Failure) {
        let end = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        let directory = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(path: directory, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Failure(path: directory, code: errno) }
    }
}
