import Contracts
import Glibc
import KillPoints
import Persistence
import ServiceKit

/// Backs up both databases and the gateway's allow-list, while the services may be saving.
///
/// The state is copied first, the library second. A completed conversation is first added to the library and then
/// cleared. So if a conversation was cleared before the first copy, its machine is in the second copy. A conversation
/// that was still open is completed again after a restore, with the same request id, which adds its machine once. In
/// the opposite order, a machine that was added and whose conversation was cleared between the copies would be in
/// neither.
struct Backup {
    /// What was made.
    struct Outcome {
        var path: String
        var manifest: BackupManifest
        /// How long the copy kept each database's log from restarting, by file name.
        var snapshots: [String: Duration]
        var duration: Duration
        /// One for each database with acknowledged changes that the backup lacks.
        var warnings: [String]
    }

    var setUp: SetUp

    func make(_ argument: String) async throws(CommandFailure) -> Outcome {
        let start = ContinuousClock.now
        try setUp.requireNamedFile()
        let settings = setUp.settings
        let stateDirectories = LocalDatabase.all.map { FilePath.parent(of: $0.path(settings)) }
        let target = try BackupTarget(argument, stateDirectories: stateDirectories)
        let sources = try LocalDatabase.all.map { database throws(CommandFailure) in try Source(database, settings) }
        // Other users must not read the backup, whatever umask this process inherited.
        umask(0o077)
        try FilePath.requireRoom(for: sources.reduce(0) { $0 + $1.bytes }, at: target.parent)
        let unfinished = try UnfinishedBackup(for: target)
        // Unreadable settings must not stop a backup.
        let noted = (try? await setUp.settings(of: .state)) ?? settings
        var manifest = BackupManifest(
            madeAt: .now(), rivet: rivetVersion, databases: [:], settings: BackedUpSettings.of(noted),
            tiers: BackedUpSettings.tiers(noted))
        var snapshots: [String: Duration] = [:]
        for source in sources {
            let name = source.database.fileName
            let begun = ContinuousClock.now
            let takenAt = try source.copy(to: "\(unfinished.path)/\(name)")
            snapshots[name] = .now - begun
            killPoint("backup.copied")
            manifest.databases[name] = try source.described("\(unfinished.path)/\(name)", takenAt: takenAt)
        }
        if let list = try RememberedAllowList.read(settings) {
            let path = "\(unfinished.path)/\(RememberedAllowList.fileName)"
            try OpenFile.make(path, list)
            manifest.allowList = .init(bytes: Int64(list.count), sha256: try FileDigest.sha256(of: path))
        }
        try manifest.write(in: unfinished.path)
        try unfinished.finish()
        return Outcome(
            path: target.path, manifest: manifest, snapshots: snapshots, duration: .now - start,
            warnings: sources.compactMap { $0.volatileWarning(settings) })
    }

    /// One of the databases, and the user with whose rights it is read.
    private struct Source {
        let database: LocalDatabase
        let path: String
        /// The size of the file and its log; the copy is not larger.
        let bytes: UInt64
        private let owner: DirectoryOwner

        init(_ database: LocalDatabase, _ settings: Settings) throws(CommandFailure) {
            self.database = database
            path = database.path(settings)
            let (path, owner) = (path, try DirectoryOwner(of: FilePath.parent(of: path)))
            self.owner = owner
            bytes = try owner.act { () throws(CommandFailure) in
                guard let file = FilePath.status(path) else {
                    let code = errno
                    throw code == ENOENT
                        ? CommandFailure(
                            "there is no \(path)",
                            nextStep: "Is --state-dir or RIVET_STATE_DIR right? \(database.service.unit) creates it "
                                + "when it starts")
                        : FileFailure.of(path, code)
                }
                return UInt64(max(0, file.st_size)) + UInt64(max(0, FilePath.status(path + "-wal")?.st_size ?? 0))
            }
        }

        /// - Returns: a moment; every change that was acknowledged before it is in the copy.
        func copy(to copy: String) throws(CommandFailure) -> Timestamp {
            let takenAt = Timestamp.now()
            do {
                // Inside act(), SQLite also opens the log and the index. So an index that it creates is the service's.
                let snapshot = try owner.act { () throws(SQLiteError) in try DatabaseSnapshot(reading: path) }
                do throws(SQLiteError) { try snapshot.copy(to: copy) } catch {
                    throw error.isCorruption ? Self.broken(path, error.message) : CommandFailure(error, copy)
                }
            } catch let error as SQLiteError {
                throw error.isCorruption ? Self.broken(path, error.message) : CommandFailure(error, path)
            } catch let failure as CommandFailure { throw failure } catch { throw CommandFailure("\(path): \(error)") }
            return takenAt
        }

        /// Syncs and checks the copy, and returns its description.
        func described(_ copy: String, takenAt: Timestamp) throws(CommandFailure) -> BackupManifest.Database {
            try OpenFile.sync(copy)
            let sha256 = try FileDigest.sha256(of: copy)
            let inspection: DatabaseInspection
            do throws(DatabaseInspection.Fault) {
                inspection = try DatabaseInspection(of: copy, store: database.store)
            } catch {
                // A fault in the copy is a fault of the original, so the error names the original.
                throw CommandFailure(error, path, brokenNextStep: Self.brokenNextStep)
            }
            return BackupManifest.Database(
                takenAt: takenAt, bytes: Int64(FilePath.status(copy)?.st_size ?? 0), sha256: sha256,
                migrations: inspection.migrations, rows: inspection.rows)
        }

        /// Non-nil while the disk rejects writes: acknowledged changes are then in memory and in the spill file only.
        func volatileWarning(_ settings: Settings) -> String? {
            let spillFile = database.journalPath(settings)
            guard let status = FilePath.status(spillFile), status.st_size > 0 else { return nil }
            return
                "\(database.service.unit) holds changes that its disk did not take (\(spillFile)): they are not in "
                + "this backup. Make room on its disk, then make another backup"
        }

        private static let brokenNextStep =
            "Restart its service, which moves a broken file aside and keeps every row that can be read; if rows are "
            + "missing then, restore an earlier backup"

        private static func broken(_ path: String, _ finding: String) -> CommandFailure {
            CommandFailure("\(path) is broken: \(finding)", nextStep: brokenNextStep)
        }
    }
}
