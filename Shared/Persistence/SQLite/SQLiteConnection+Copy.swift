import CSQLite
import FoundationEssentials
import Glibc

extension SQLiteConnection {
    /// Fills this connection's file, which must be empty, with everything that `source` sees.
    ///
    /// The copy is one step. A copy in several steps restarts whenever the source is written to, and would never end
    /// beside a service that saves. If the source has a reading transaction, that decides which moment is copied.
    ///
    /// - Parameter pagesAtOnce: if given, the copy is made in steps of this many pages, and `source` reports progress
    ///   after each. Only for a file that no program writes during the copy.
    func fill(from source: SQLiteConnection, pagesAtOnce: Int32 = -1) throws(SQLiteError) {
        guard let backup = sqlite3_backup_init(handle, "main", source.handle, "main") else {
            throw failure(sqlite3_extended_errcode(handle), "copy \(source.path)")
        }
        var step = sqlite3_backup_step(backup, pagesAtOnce)
        while step == SQLITE_OK {
            source.progressed?()
            step = sqlite3_backup_step(backup, pagesAtOnce)
        }
        let end = sqlite3_backup_finish(backup)
        guard step == SQLITE_DONE, end == SQLITE_OK else {
            throw failure(step == SQLITE_DONE ? end : step, "copy \(source.path)")
        }
        // The copied header says that there is a log, as in the source. Without that, the copy is a single file, which
        // a reader leaves unchanged.
        try require("journal_mode", setTo: "DELETE", reads: "delete")
    }

    /// The faults that SQLite finds in the file: in its pages, between indexes and tables, and in its constraints.
    /// Empty if the file is intact. Reads the whole file.
    ///
    /// - Throws: when the file is too broken to be checked.
    func integrityFaults() throws(SQLiteError) -> [String] {
        try execute("PRAGMA cell_size_check = ON")
        return try rows("PRAGMA integrity_check(10)") { $0.text(0) ?? "" }.filter { $0 != "ok" }
    }

    /// Copies the current file to one beside it: `state.db.schema-7-20261127` for the name `schema-7`. A copy of the
    /// same day is replaced. When this returns, the copy survives power loss.
    ///
    /// Only for a connection that is the file's only user. The copy gets the owner of the file.
    func keepCopy(named name: String) throws(SQLiteError) {
        let day = try rows("SELECT strftime('%Y%m%d', 'now')") { $0.text(0) ?? "" }.first ?? ""
        let target = "\(path).\(name)-\(day)"
        let unfinished = target + ".unfinished"
        unlink(unfinished)
        do throws(SQLiteError) {
            try SQLiteConnection(creating: unfinished).fill(from: self, pagesAtOnce: 1_000)
            var status = stat()
            if geteuid() == 0, stat(path, &status) == 0 { _ = lchown(unfinished, status.st_uid, status.st_gid) }
            try Self.sync(unfinished)
            guard rename(unfinished, target) == 0 else { throw .cannotOpen(target, errno) }
            try Self.sync(URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false))
        } catch {
            unlink(unfinished)
            throw error
        }
    }

    /// Syncs a file or a directory.
    private static func sync(_ path: String) throws(SQLiteError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotOpen(path, errno) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .cannotOpen(path, errno) }
    }
}
