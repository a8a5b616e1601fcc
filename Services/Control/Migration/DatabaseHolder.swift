import Glibc

/// Who has a SQLite file open, even without a socket: a service with other settings, the sqlite3 shell.
enum DatabaseHolder {
    /// Every connection in WAL mode holds a shared lock on this byte of the `-shm` file for as long as it is open
    /// (`UNIX_SHM_DMS` in SQLite's os_unix.c, the same in all versions that can share a file).
    private static let lockByte: off_t = 128

    /// "process 1234"; nil when nobody has it open. Locks nothing.
    static func find(_ path: String) -> String? {
        let descriptor = open(path + "-shm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = lockByte
        lock.l_len = 1
        guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else { return nil }
        return lock.l_pid > 0 ? "process \(lock.l_pid)" : "another process"
    }
}
