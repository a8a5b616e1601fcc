import Contracts
import Glibc

/// The right to open a database file. One process at a time has it, and loses it when the process ends in any way.
///
/// A lock (flock(2)) on a file beside the database, not on the database itself: a process that closes any descriptor of
/// a file loses SQLite's own locks on it.
public final class DatabaseLock {
    /// The longest wait for another process to end.
    static let patience = Duration.seconds(5)
    static let retryDelayMicroseconds: useconds_t = 20_000

    private let descriptor: Int32

    /// Blocks for up to `patience` while another process has the lock.
    public init(databasePath: String) throws(LocalTableError) {
        let path = databasePath + ".lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .open(.cannotOpen(path, errno)) }
        let end = ContinuousClock.now + Self.patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            guard code == EWOULDBLOCK || code == EINTR, .now < end else {
                close(descriptor)
                throw code == EWOULDBLOCK ? .inUse(path: databasePath) : .open(.cannotOpen(path, code))
            }
            usleep(Self.retryDelayMicroseconds)
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
