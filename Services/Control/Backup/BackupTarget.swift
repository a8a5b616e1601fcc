import Glibc
import ServiceKit

/// The directory of a backup to be made: new, or empty.
struct BackupTarget {
    /// Absolute, with links resolved.
    let path: String
    var parent: String { FilePath.parent(of: path) }

    /// - Parameter stateDirectories: the services' state directories; a backup must not be inside one.
    /// - Throws: when a backup cannot be made at `argument`.
    init(_ argument: String, stateDirectories: [String]) throws(CommandFailure) {
        let argument = FilePath.withoutEndingSlashes(argument)
        if let existing = FilePath.resolved(argument) {
            path = existing
            try requireEmpty()
        } else {
            guard errno == ENOENT else { throw FileFailure.of(argument, errno) }
            guard let parent = FilePath.resolved(FilePath.parent(of: argument)) else {
                let code = errno
                let directory = FilePath.parent(of: argument)
                throw code == ENOENT
                    ? CommandFailure("there is no directory \(directory)", nextStep: "Create it: mkdir -p \(directory)")
                    : FileFailure.of(directory, code)
            }
            var status = stat()
            guard lstat(argument, &status) != 0 else {
                throw CommandFailure("\(argument) is a link that leads to nothing", nextStep: "Name another directory")
            }
            path = (parent == "/" ? "" : parent) + "/" + FilePath.name(of: argument)
        }
        for directory in stateDirectories {
            guard let directory = FilePath.resolved(directory) else { continue }
            guard path != directory, !path.hasPrefix(directory + "/") else {
                throw CommandFailure(
                    "\(path) is in the directory of the databases",
                    nextStep: "Name a directory outside \(directory), best on another disk")
            }
        }
    }

    private func requireEmpty() throws(CommandFailure) {
        guard let names = FilePath.names(in: path) else {
            let code = errno
            throw code == ENOTDIR
                ? CommandFailure("\(path) is a file", nextStep: "Name a new directory") : FileFailure.of(path, code)
        }
        guard names.isEmpty else {
            throw CommandFailure("\(path) is not empty", nextStep: "Name a new directory: each backup has its own")
        }
        guard path != "/", FilePath.status(path)?.st_dev == FilePath.status(parent)?.st_dev else { throw mountPoint }
    }

    /// The error for a mount point. A backup gets its name by a rename, and a mount point cannot be renamed over.
    var mountPoint: CommandFailure {
        CommandFailure(
            "\(path) is a mount point",
            nextStep: "Name a new directory in it: \(path == "/" ? "" : path)/rivet-backup")
    }
}
