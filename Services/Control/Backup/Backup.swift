import Contracts
import Glibc
import KillPoints
import Persistence
import ServiceKit

/// Makes a backup of both databases, and of the gateway's list of who may use the bot, beside services that may be saving.
///
/// The state is copied first, the library second. A conversation that is completed is added to the library and then
/// cleared: so what was cleared by the moment of the first copy is in the second, and what was still open is completed
/// once more after a restore, under the same request id, which adds it once. The other way around, a machine that was
/// added and cleared between the two moments would be in neither.
struct Backup {
    /// What was made.
    struct Outcome {
        var path: String
        var manifest: BackupManifest
        /// How long each database's log could not begin again, by the name of the file.
        var snapshots: [String: Duration]
        var duration: Duration
        /// What is not in the backup although it was acknowledged.
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
        // Nothing of it is for others, whatever umask this process was started with.
        umask(0o077)
        try FilePath.requireRoom(for: sources.reduce(0) { $0 + $1.bytes }, at: target.parent)
        let unfinished = try UnfinishedBackup(for: target)
        // Settings that cannot be read keep no backup from being made.
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
            warnings: sources.compactMap { $0.heldInMemory(settings) })
    }

    /// One of the databases, and with whose rights it is read.
    private struct Source {
        let database: LocalDatabase
        let path: String
        /// Of the file and its log: the copy has no more.
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
                            nextStep: "Is --state-dir or RIVET_STATE_DIR right? \(database.service.unit) makes it when "
                                + "it starts")
                        : FileFailure.of(path, code)
                }
                return UInt64(max(0, file.st_size)) + UInt64(max(0, FilePath.status(path + "-wal")?.st_size ?? 0))
            }
        }

        /// - Returns: a moment before which everything that was acknowledged is in the copy.
        func copy(to copy: String) throws(CommandFailure) -> Timestamp {
            let takenAt = Timestamp.now()
            do {
                // What SQLite opens beside the file is opened here, and its index is the service's.
                let snapshot = try owner.act { () throws(SQLiteError) in try DatabaseSnapshot(reading: path) }
                do throws(SQLiteError) { try snapshot.copy(to: copy) } catch {
                    throw error.isCorruption ? Self.broken(path, error.message) : CommandFailure(error, copy)
                }
            } catch let error as SQLiteError {
                throw error.isCorruption ? Self.broken(path, error.message) : CommandFailure(error, path)
            } catch let failure as CommandFailure { throw failure } catch { throw CommandFailure("\(path): \(error)") }
            return takenAt
        }

        /// Syncs the copy, looks through it, and says what it is.
        func described(_ copy: String, takenAt: Timestamp) throws(CommandFailure) -> BackupManifest.Database {
            try OpenFile.sync(copy)
            let sha256 = try FileDigest.sha256(of: copy)
            let inspection: DatabaseInspection
            do throws(DatabaseInspection.Fault) {
                inspection = try DatabaseInspection(of: copy, store: database.store)
            } catch {
                // The copy is what the file is.
                throw CommandFailure(error, path, brokenNextStep: Self.brokenNextStep)
            }
            return BackupManifest.Database(
                takenAt: takenAt, bytes: Int64(FilePath.status(copy)?.st_size ?? 0), sha256: sha256,
                migrations: inspection.migrations, rows: inspection.rows)
        }

        /// While the disk takes nothing, memory holds what was acknowledged, and a journal notes it.
        func heldInMemory(_ settings: Settings) -> String? {
            let journal = database.journalPath(settings)
            guard let status = FilePath.status(journal), status.st_size > 0 else { return nil }
            return
                "\(database.service.unit) holds changes that its disk did not take (\(journal)): they are not in this "
                + "backup. Make room on its disk, then make another backup"
        }

        private static let brokenNextStep =
            "Restart its service, which moves a broken file aside and takes over what can be read; restore an earlier "
            + "backup if rows are missing then"

        private static func broken(_ path: String, _ finding: String) -> CommandFailure {
            CommandFailure("\(path) is broken: \(finding)", nextStep: brokenNextStep)
        }
    }
}
