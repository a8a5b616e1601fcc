import CSQLite
import FoundationEssentials
import Glibc

extension SQLiteConnection {
    /// Fills this connection's file, which is empty, with all that `source` sees.
    ///
    /// In one step: a copy in several begins from the start whenever the source is written to, and never ends under a
    /// service that is saving. The source's reading transaction, if it has one, decides which moment is copied.
    ///
    /// - Parameter pagesAtOnce: with a number, in steps of so many pages, and `source` tells after each that it gets on:
    ///   for a file that no program writes meanwhile.
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
        // The copy says of itself that it has a log, as the source has. Without one it is a single file, which a reader leaves
        // as it is.
        try require("journal_mode", setTo: "DELETE", reads: "delete")
    }

    /// What SQLite finds wrong with the file: its pages, its indexes against its tables, and its constraints. Nothing when
    /// the file is whole. Reads all of it.
    ///
    /// - Throws: when the file is so broken that it cannot be looked through.
    func integrityFaults() throws(SQLiteError) -> [String] {
        try execute("PRAGMA cell_size_check = ON")
        return try rows("PRAGMA integrity_check(10)") { $0.text(0) ?? "" }.filter { $0 != "ok" }
    }

    /// Copies the file, as it is now, to one beside it: `state.db.schema-7-20261127` for the name `schema-7`. One of the
    /// same day is replaced. When this returns, the copy survives the loss of power.
    ///
    /// For the connection that has the file alone. The copy belongs to the owner of the file.
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

    /// Of a file or a directory.
    private static func sync(_ path: String) throws(SQLiteError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotOpen(path, errno) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .cannotOpen(path, errno) }
    }
}
