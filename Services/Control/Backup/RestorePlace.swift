import Contracts
import Glibc
import Persistence
import ServiceKit

/// The place where one database is restored. Everything is done there with the rights of the directory's owner.
final class RestorePlace {
    let database: LocalDatabase
    let path: String
    private let directory: String
    private let owner: DirectoryOwner
    private var databaseLock: DatabaseLock?
    private var staged: String { "\(directory)/.\(database.fileName).restoring" }

    init(_ database: LocalDatabase, _ settings: Settings) throws(CommandFailure) {
        self.database = database
        path = database.path(settings)
        directory = database.directory(settings)
        if settings.isOfInstalledServices { try Self.makeStateDirectory(of: database.service) }
        owner = try DirectoryOwner(of: directory)
    }

    deinit { removeStaged() }

    /// Creates the directory as systemd does at the first start of the service.
    static func makeStateDirectory(of service: RivetService) throws(CommandFailure) {
        let directory = InstalledPlaces.stateDirectory(of: service)
        guard FilePath.status(directory) == nil, errno == ENOENT else { return }
        guard let user = getpwnam(service.unit) else {
            throw CommandFailure("there is no user \(service.unit)", nextStep: "Install Rivet on this host first")
        }
        // The units run with the group "rivet".
        let (userID, groupID) = (user.pointee.pw_uid, getgrnam("rivet")?.pointee.gr_gid ?? user.pointee.pw_gid)
        guard mkdir(directory, 0o700) == 0, chown(directory, userID, groupID) == 0 else {
            throw FileFailure.of(directory, errno)
        }
    }

    /// Locks services out of the database for the lifetime of this object.
    func lock() throws(CommandFailure) {
        let path = path
        if let holder = owner.act({ DatabaseHolder.find(path) }) {
            throw CommandFailure("\(path) is open in \(holder)", nextStep: "Stop that first")
        }
        do throws(LocalTableError) {
            databaseLock = try owner.act { () throws(LocalTableError) in try DatabaseLock(databasePath: path) }
        } catch {
            guard case .inUse = error else {
                throw CommandFailure("\(error)", nextStep: "chown --reference=\(directory) \(path)*")
            }
            throw CommandFailure("\(error)", nextStep: "Stop all of Rivet first: \(StoppedServices.stopCommand)")
        }
    }

    /// Writes the new database beside the current one, and migrates it.
    func stage(
        from backup: String, _ described: BackupManifest.Database
    ) throws(CommandFailure) {
        removeStaged()
        let (staged, path, store, directory) = (staged, path, database.store, directory)
        let source = try OpenFile("\(backup)/\(database.fileName)", O_RDONLY)
        let log = owner.act { UInt64(max(0, FilePath.status(path + "-wal")?.st_size ?? 0)) }
        // replace() moves the current database's log into its file, which grows by that much.
        let needed = UInt64(max(0, described.bytes)) + log
        try owner.act { () throws(CommandFailure) in try FilePath.requireRoom(for: needed, at: directory) }
        let copy = try owner.act { () throws(CommandFailure) in
            try OpenFile(staged, O_WRONLY | O_CREAT | O_EXCL)
        }
        let digest = try FileDigest.sha256(of: source.descriptor, source.path) { piece throws(CommandFailure) in
            try copy.write(piece)
        }
        guard digest == described.sha256 else { throw Restore.changed(source.path) }
        try owner.act { () throws(CommandFailure) in
            do throws(LocalTableError) { try RestoredDatabase.prepare(staged, store: store) } catch {
                throw CommandFailure("\(staged): \(error)", nextStep: "Is there room on the disk, and is it intact?")
            }
            for suffix in ["-wal", "-journal"] where FilePath.status(staged + suffix) != nil {
                throw CommandFailure("\(staged)\(suffix) was left over", nextStep: "Run this again")
            }
            try OpenFile.sync(staged)
        }
    }

    /// Moves the staged database into place, in one step: there is a database at every moment.
    /// - Returns: the path at which the previous database is kept; nil if there was none.
    func replace(stamp: String) throws(CommandFailure) -> String? {
        let (staged, path, directory) = (staged, path, directory)
        return try owner.act { () throws(CommandFailure) in
            let aside = try Self.putAside(path, stamp)
            guard rename(staged, path) == 0 else { throw FileFailure.of(path, errno) }
            try OpenFile.sync(directory)
            return aside
        }
    }

    /// Gives the current database a second name, under which it is complete.
    ///
    /// Removes its log first: SQLite would apply a leftover log to the new file.
    private static func putAside(_ path: String, _ stamp: String) throws(CommandFailure) -> String? {
        guard FilePath.status(path) != nil else {
            let code = errno
            guard code == ENOENT else { throw FileFailure.of(path, code) }
            // A log without its database is useless.
            for suffix in ["-wal", "-shm", "-journal"] { unlink(path + suffix) }
            return nil
        }
        var aside = "\(path).replaced-\(stamp)"
        while FilePath.status(aside) != nil { aside += "+" }
        do throws(SQLiteError) { try RestoredDatabase.moveLogIntoFile(path) } catch {
            guard error.isCorruption else { throw CommandFailure(error, path) }
        }
        // A log that is left now belongs to a broken file, and stays with that file.
        for suffix in ["-wal", "-journal"] where FilePath.status(path + suffix) != nil {
            guard rename(path + suffix, aside + suffix) == 0 else { throw FileFailure.of(path + suffix, errno) }
        }
        unlink(path + "-shm")
        guard link(path, aside) == 0 else { throw FileFailure.of(aside, errno) }
        return aside
    }

    private func removeStaged() {
        let staged = staged
        owner.act { for suffix in ["", "-wal", "-shm", "-journal", ".lock"] { unlink(staged + suffix) } }
    }
}
