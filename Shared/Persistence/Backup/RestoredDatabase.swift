import Contracts
import Glibc

/// Prepares a copy of a database that will replace the file of a service.
public enum RestoredDatabase {
    /// Migrates the file at `path`, and notes in it that any tier may have newer rows.
    ///
    /// Without that note a service would treat the file as complete, and decide over rows that a tier knows to be
    /// outdated. With it, the service starts as with an emptied disk: it reads the tiers completely before it decides
    /// anything (10 s at most), and then owes them every row. No tier is recognized: what the file says about a tier is
    /// as old as the file, and rows that the tier got since must not pass for rows that were removed here.
    ///
    /// When it returns, the file is complete without a log. It is not synced.
    public static func prepare(_ path: String, store: Migrator.Store) throws(LocalTableError) {
        // No other process knows this file, so its lock file can go.
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

    /// Moves the log of the database at `path` into its file, and deletes the log. No service may have the database
    /// open.
    ///
    /// - Throws: `SQLiteError`; then the log is unchanged.
    public static func moveLogIntoFile(_ path: String) throws(SQLiteError) {
        let connection = try SQLiteConnection(path: path)
        // Reading the file also reads the log.
        _ = try connection.rows("SELECT count(*) FROM sqlite_master") { $0.integer(0) }
        connection.checkpoint()
    }
}
