import CSQLite
import Glibc

/// What is known of the write-ahead log (WAL) of a database.
struct WriteAheadLog {
    /// A log that reaches so many pages is moved into the file by the commit itself, if it was not moved before: 64 MiB.
    static let pagesMax = 16_000
    /// To this length the file of the log is cut when it was emptied, if it is longer.
    static let bytesKept: Int64 = 64 << 20
    /// A page of 4,096 bytes and its header.
    static let bytesPerPage: Int64 = 4_120

    /// Pages that were written to it since all of them were in the file.
    private(set) var pages = 0
    /// Pages at its beginning that are in the file. It begins again from its start when no connection reads in it.
    private var movedPages = 0

    /// After a commit there are `count` pages in it.
    mutating func grew(to count: Int) {
        if count < movedPages { movedPages = 0 }
        pages = count - movedPages
    }

    /// All of its `count` pages were moved into the file.
    mutating func moved(_ count: Int) { (pages, movedPages) = (0, count) }
}

/// What became of an attempt to move the log into the file.
public enum LogMove: Sendable {
    /// All pages were moved.
    case moved
    /// Another program reads in it, or moves it just now.
    case held
    /// The disk did not take it. The log has all pages still.
    case failed
}

/// The log grows with each commit until its pages are moved into the file (a checkpoint). SQLite moves none that is newer
/// than the oldest snapshot that another connection reads, and begins the log again only when no connection reads in it. So a
/// reader that never ends lets it grow without bound, and nothing but its end helps.
extension SQLiteConnection {
    /// Counts the pages in the log at each commit. In place of SQLite's own checkpoints, which are part of a commit.
    func countLogPages() {
        var file = stat()
        if stat(path + "-wal", &file) == 0 { log.grew(to: Int(Int64(file.st_size) / WriteAheadLog.bytesPerPage)) }
        sqlite3_wal_hook(
            handle,
            { connection, _, _, pages in
                guard let connection else { return SQLITE_OK }
                // SAFETY: SQLite calls this while a statement of this connection runs. Held by LogTests.
                let owner = Unmanaged<SQLiteConnection>.fromOpaque(connection).takeUnretainedValue()
                owner.log.grew(to: Int(pages))
                if owner.log.pages >= WriteAheadLog.pagesMax { _ = owner.moveLog() }
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Moves the pages of the log that no reader needs into the file, without waiting. When all were moved and the file of
    /// the log is long, it is cut, unless a connection reads in it.
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

    private func cutLog() -> Bool {
        sqlite3_busy_timeout(handle, 0)
        defer { sqlite3_busy_timeout(handle, Self.busyTimeoutMilliseconds) }
        return sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil) == SQLITE_OK
    }

    /// Moves the log into the file and empties it. Waits for readers as long as a statement does.
    func checkpoint() { sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil) }
}
