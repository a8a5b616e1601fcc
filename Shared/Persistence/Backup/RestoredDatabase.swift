import Contracts
import Glibc

/// A copy of a database that is about to take the place of a service's own.
public enum RestoredDatabase {
    /// Brings the file at `path` up to date, and notes in it that any tier may have newer rows.
    ///
    /// Without that note a service would take the file for all there is, and decide over rows that a tier knows to be
    /// outdated. With it, the service's start is that of an emptied disk: the tiers are read whole before anything is
    /// decided (10 s at most), and are then owed every row. No tier is recognized: what the file says of a tier is as old
    /// as the file, and rows which the tier got since must not pass for rows that were removed here.
    ///
    /// When it returns, the file is complete without a log. It is not synced.
    public static func prepare(_ path: String, store: Migrator.Store) throws(LocalTableError) {
        // The lock of a file that no other process knows.
        defer { unlink(path + ".lock") }
        let table = try SQLiteTable(path: path, store: store.owned) {}
        var progress = TierProgress()
        (progress.pulledTo, progress.seeding) = (.none, .due)
        do throws(SQLiteError) {
            try table.begin()
            for tier in [TierName.neon, .supabase, .railway] { try table.write(progress, of: tier) }
            try table.commit()
        } catch {
            table.rollback()
            throw .open(error)
        }
        table.checkpoint()
    }

    /// Moves the log of the database at `path`, which no service has open, into its file, and ends the log.
    ///
    /// - Throws: and then the log is as it was.
    public static func moveLogIntoFile(_ path: String) throws(SQLiteError) {
        let connection = try SQLiteConnection(path: path)
        // Reads the file, and with that the log.
        _ = try connection.rows("SELECT count(*) FROM sqlite_master") { $0.integer(0) }
        connection.checkpoint()
    }
}
