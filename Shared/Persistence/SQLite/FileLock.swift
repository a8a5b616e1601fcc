import CSQLite
import Glibc

/// Keeps other processes of ours out of a database file: two connections to one file can break it. Whoever only looks
/// into it, with other programs, is not kept out. Ends with its process, however that ends.
final class FileLock {
    private let descriptor: Int32

    /// Owns `descriptor` from now on, also when this throws.
    /// - Throws: `SQLITE_BUSY` when somebody has the file open.
    init(taking descriptor: Int32, of path: String) throws(SQLiteError) {
        self.descriptor = descriptor
        guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return }
        let (isTaken, reason) = (errno == EWOULDBLOCK, String(cString: strerror(errno)))
        // A file system without locks: then there is none, and the sockets alone keep a second process out.
        guard isTaken else { return }
        throw SQLiteError(
            code: SQLITE_BUSY, message: "another process has it open (\(reason))", operation: "open \(path)")
    }

    deinit { close(descriptor) }
}
