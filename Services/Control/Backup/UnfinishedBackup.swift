import Contracts
import Glibc
import KillPoints

/// A temporary directory for a backup that is being made, beside its target.
///
/// It gets the target's name when the backup is complete. Otherwise it is removed with this object; if the process is
/// killed, the next backup removes it.
final class UnfinishedBackup {
    private static let namePrefix = ".rivet-backup-unfinished-"

    let path: String
    private let target: BackupTarget
    /// Open and locked while this process works on the backup.
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

    /// Renames the directory to its target. When this returns, the backup survives power loss.
    func finish() throws(CommandFailure) {
        guard fsync(directory) == 0 else { throw FileFailure.of(path, errno) }
        killPoint("backup.before-rename")
        guard rename(path, target.path) == 0 else {
            let code = errno
            switch code {
            case EBUSY, EXDEV: throw target.mountPoint
            case ENOTEMPTY, EEXIST, ENOTDIR:
                throw CommandFailure(
                    "another program has put files into \(target.path) meanwhile", nextStep: "Name a new directory")
            default: throw FileFailure.of(target.path, code)
            }
        }
        isFinished = true
        killPoint("backup.after-rename")
        try OpenFile.sync(target.parent)
    }

    /// Removes the directories that killed processes left in `parent`. A directory that cannot be removed only takes
    /// space, so it is no failure.
    private static func removeAbandoned(in parent: String) {
        for name in FilePath.names(in: parent) ?? [] where name.hasPrefix(namePrefix) {
            let path = "\(parent)/\(name)"
            let directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard directory >= 0 else { continue }
            defer { close(directory) }
            // If other users may write to `parent`, a user who owns this directory could replace it with a link now.
            var status = stat()
            guard fstat(directory, &status) == 0, status.st_uid == geteuid() else { continue }
            if flock(directory, LOCK_EX | LOCK_NB) == 0 { remove(path) }
        }
    }

    /// Removes the directory at `path`. A backup contains no directories.
    private static func remove(_ path: String) {
        for name in FilePath.names(in: path) ?? [] { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}
