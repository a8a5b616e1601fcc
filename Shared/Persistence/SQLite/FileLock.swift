import CSQLite
import Glibc

/// Keeps other processes of ours out of a database file: two connections to one file can break it. Whoever only looks
/// into it, with other programs, is not kept out. Ends with its process, however that ends.
final class FileLock {
    /// A process that was killed may take a moment to be gone.
    private static let attemptsMax = 100
    private static let attemptIntervalMicroseconds: UInt32 = 10_000

    private let descriptor: Int32

    /// Owns `descriptor` from now on, also when this throws. Blocks for a second at most.
    /// - Throws: `SQLITE_BUSY` when somebody has the file open.
    init(taking descriptor: Int32, of path: String) throws(SQLiteError) {
        self.descriptor = descriptor
        for _ in 0..<Self.attemptsMax {
            // A file system without locks has none: then the sockets alone keep a second process out.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK { return }
            usleep(Self.attemptIntervalMicroseconds)
        }
        throw SQLiteError(code: SQLITE_BUSY, message: "another process has it open", operation: "open \(path)")
    }

    deinit { close(descriptor) }
}
