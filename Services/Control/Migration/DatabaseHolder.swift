import FoundationEssentials
import Glibc

/// Finds the processes that have an SQLite file open, even without a socket: a service with other settings, the sqlite3
/// shell.
enum DatabaseHolder {
    /// Every connection in WAL mode holds a shared lock on this byte of the `-shm` file while it is open
    /// (`UNIX_SHM_DMS` in SQLite's os_unix.c, the same in all versions that can share a file).
    private static let lockByte: off_t = 128

    /// A connection holds a lock on one of these bytes while it reads one snapshot (`WAL_READ_LOCK(0)` to
    /// `WAL_READ_LOCK(4)` in SQLite's wal.c).
    private static let readLockBytes: ClosedRange<off_t> = 123...127
    /// The time between two checks. A reader that is seen in both is a long one.
    private static let lookInterval: useconds_t = 300_000

    /// "process 1234"; nil if no process has the file open. Locks nothing.
    static func find(_ path: String) -> String? {
        let descriptor = open(path + "-shm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard let process = holder(of: lockByte, descriptor) else { return nil }
        return process > 0 ? "process \(process)" : "another process"
    }

    /// The processes, other than the service, that read one snapshot of the database for a long time: "process 1234
    /// (sqlite3)". Names one of several processes that read the same snapshot. Locks nothing; takes 0.3 s.
    static func readers(_ path: String) -> [String] {
        let descriptor = open(path + "-shm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        func look() -> Set<pid_t> { Set(readLockBytes.compactMap { holder(of: $0, descriptor) }) }
        let before = look()
        if before.isEmpty { return [] }
        usleep(lookInterval)
        return before.intersection(look()).sorted().compactMap { process in
            guard process > 0 else { return "a process outside of this container" }
            guard let name = name(of: process) else { return "process \(process)" }
            return RivetService.storing.contains { $0.unit == name } ? nil : "process \(process) (\(name))"
        }
    }

    /// The process that holds a lock on `byte`; 0 if it is in another PID namespace.
    private static func holder(of byte: off_t, _ descriptor: Int32) -> pid_t? {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = byte
        lock.l_len = 1
        guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else { return nil }
        return max(0, lock.l_pid)
    }

    /// The first 15 bytes of the program's name, from /proc/PID/comm (proc(5)).
    private static func name(of process: pid_t) -> String? {
        guard let text = try? String(contentsOf: URL(filePath: "/proc/\(process)/comm"), encoding: .utf8) else {
            return nil
        }
        return text.split(separator: "\n").first.map { TerminalText.escaped(String($0)) }
    }
}
