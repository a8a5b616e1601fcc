import CSQLite
import Glibc

/// The size of the write-ahead log (WAL) of a database.
struct WriteAheadLog {
    /// At this many pages the commit itself moves the log into the file, if it was not moved before: 64 MiB.
    static let pagesMax = 16_000
    /// The log file is truncated to this length after it was emptied, if it is longer.
    static let bytesKept: Int64 = 64 << 20
    /// A page of 4,096 bytes and its header.
    static let bytesPerPage: Int64 = 4_120

    /// The pages written to the log since all of its pages were last in the file.
    private(set) var pages = 0
    /// The pages at the log's beginning that are already in the file. SQLite restarts the log from its beginning when
    /// no connection reads it.
    private var movedPages = 0

    /// A commit was made, and the log now has `count` pages.
    mutating func grew(to count: Int) {
        if count < movedPages { movedPages = 0 }
        pages = count - movedPages
    }

    /// All `count` pages of the log were moved into the file.
    mutating func moved(_ count: Int) { (pages, movedPages) = (0, count) }
}

/// The outcome of an attempt to move the log into the file.
public enum LogMove: Sendable {
    /// All pages were moved.
    case moved
    /// Another program is reading the log, or is moving it.
    case held
    /// The disk failed. The log still has all its pages.
    case failed
}

/// The log grows with each commit until its pages are moved into the file (a checkpoint). SQLite moves no page that is
/// newer than the oldest snapshot of another connection, and restarts the log only when no connection reads it. So a
/// reader that never ends lets the log grow without bound, and only the reader's end stops that.
extension SQLiteConnection {
    /// Counts the pages in the log at each commit. This replaces SQLite's automatic checkpoints, which are part of a
    /// commit.
    func countLogPages() {
        var file = stat()
        if stat(path + "-wal", &file) == 0 { log.grew(to: Int(Int64(file.st_size) / WriteAheadLog.bytesPerPage)) }
        sqlite3_wal_hook(
            handle,
            { connection, _, _, pages in
                guard let connection else { return SQLITE_OK }
                // SAFETY: SQLite calls this while a statement of this connection runs. Tested by LogTests.
                let owner = Unmanaged<SQLiteConnection>.fromOpaque(connection).takeUnretainedValue()
                owner.log.grew(to: Int(pages))
                if owner.log.pages >= WriteAheadLog.pagesMax { _ = owner.moveLog() }
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Moves the pages of the log that no reader needs into the file, without waiting. If all were moved and the log
    /// file is long, it is truncated, unless a connection reads it.
    func moveLog() -> LogMove {
        var (pages, moved): (Int32, Int32) = (0, 0)
        let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, &pages, &moved)
        guard code == SQLITE_OK || code & 0xFF == SQLITE_BUSY else { return .failed }
        guard code == SQLITE_OK, pages == moved else { return .held }
        log.moved(Int(pages))
        var file = stat()
        if stat(path + "-wal", &file) == 0, file.st_size > WriteAheadLog.bytesKept, !cutLog() { return .held }
        return .moved
    }

    /// The pages for which the disk still has room, as far as this process may use it; `Int.max` if that is not known.
    var freePages: Int {
        var disk = statvfs()
        guard statvfs(path, &disk) == 0 else { return .max }
        let (bytes, isTooMany) = UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize))
        return isTooMany ? .max : Int(clamping: bytes / UInt64(WriteAheadLog.bytesPerPage))
    }

    private func cutLog() -> Bool {
        sqlite3_busy_timeout(handle, 0)
        defer { sqlite3_busy_timeout(handle, Self.busyTimeoutMilliseconds) }
        return sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil) == SQLITE_OK
    }

    /// Moves the log into the file and empties it. Waits for readers up to the busy time-out of statements.
    func checkpoint() { sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil) }
}
