import Contracts
import Glibc
import KillPoints

/// The directory in which a backup is made, beside the place where it is to be. It gets its name when it is complete; it
/// goes with this otherwise, and with the next backup if this process is killed.
final class UnfinishedBackup {
    private static let namePrefix = ".rivet-backup-unfinished-"

    let path: String
    private let target: BackupTarget
    /// Open and locked for as long as this process works on it.
    private let directory: Int32
    private var isFinished = false

    init(for target: BackupTarget) throws(CommandFailure) {
        self.target = target
        Self.removeAbandoned(in: target.parent)
        path = "\(target.parent == "/" ? "" : target.parent)/\(Self.namePrefix)\(UInt64.random(in: 0 ... .max))"
        guard mkdir(path, 0o700) == 0 else { throw FileFailure.of(target.parent, errno) }
        directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard directory >= 0, flock(directory, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            rmdir(path)
            throw FileFailure.of(path, code)
        }
    }

    deinit {
        if directory >= 0 { close(directory) }
        if !isFinished { Self.remove(path) }
    }

    /// Gives it its name. When this returns, the backup outlives the loss of power.
    func finish() throws(CommandFailure) {
        guard fsync(directory) == 0 else { throw FileFailure.of(path, errno) }
        killPoint("backup.before-rename")
        guard rename(path, target.path) == 0 else {
            let code = errno
            switch code {
            case EBUSY, EXDEV: throw target.mountPoint
            case ENOTEMPTY, EEXIST, ENOTDIR:
                throw CommandFailure(
                    "\(target.path) was filled by another program meanwhile", nextStep: "Name a new directory")
            default: throw FileFailure.of(target.path, code)
            }
        }
        isFinished = true
        killPoint("backup.after-rename")
        try OpenFile.sync(target.parent)
    }

    /// Removes what killed processes left in `parent`. What cannot be removed is no failure: it takes room, no more.
    private static func removeAbandoned(in parent: String) {
        for name in FilePath.names(in: parent) ?? [] where name.hasPrefix(namePrefix) {
            let path = "\(parent)/\(name)"
            let directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard directory >= 0 else { continue }
            defer { close(directory) }
            // In a directory that others may write to, another user could put a link in its place meanwhile.
            var status = stat()
            guard fstat(directory, &status) == 0, status.st_uid == geteuid() else { continue }
            if flock(directory, LOCK_EX | LOCK_NB) == 0 { remove(path) }
        }
    }

    /// A backup has no directories in it.
    private static func remove(_ path: String) {
        for name in FilePath.names(in: path) ?? [] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}
