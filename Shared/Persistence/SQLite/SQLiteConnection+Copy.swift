import CSQLite

extension SQLiteConnection {
    /// Fills this connection's file, which is empty, with all that `source` sees.
    ///
    /// In one step: a copy in several begins from the start whenever the source is written to, and never ends under a
    /// service that is saving. The source's reading transaction, if it has one, decides which moment is copied.
    func fill(from source: SQLiteConnection) throws(SQLiteError) {
        guard let backup = sqlite3_backup_init(handle, "main", source.handle, "main") else {
            throw failure(sqlite3_extended_errcode(handle), "copy \(source.path)")
        }
        let step = sqlite3_backup_step(backup, -1)
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
}
