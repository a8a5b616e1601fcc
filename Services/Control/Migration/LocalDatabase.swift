import Glibc
import Persistence
import ServiceKit

/// The SQLite file of a service.
struct LocalDatabase {
    var service: RivetService
    var fileName: String
    var store: Migrator.Store

    static let all = [
        LocalDatabase(service: .state, fileName: "state.db", store: .conversations),
        LocalDatabase(service: .library, fileName: "library.db", store: .machines),
    ]

    func path(_ settings: Settings) -> String { "\(directory(settings))/\(fileName)" }

    /// The path of the service's spill file, with the changes that are only in its memory.
    func journalPath(_ settings: Settings) -> String {
        let directory =
            settings.isOfInstalledServices
            ? InstalledPlaces.journalDirectory(of: service) : settings.runtimeDirectory
        return "\(directory)/\(service.rawValue).journal"
    }

    /// The directory of the settings or, for services that systemd runs, the service's own.
    func directory(_ settings: Settings) -> String {
        settings.isOfInstalledServices ? InstalledPlaces.stateDirectory(of: service) : settings.stateDirectory
    }

    /// Applies the missing migrations to the file, if no process has it open.
    /// - Returns: the versions of the applied migrations.
    func migrate(_ settings: Settings) throws(CommandFailure) -> [Int64] {
        try requireStopped(socketPath: "\(settings.runtimeDirectory)/\(service.socketName).sock")
        let path = path(settings)
        try requireDirectory(directory(settings))
        if let holder = DatabaseHolder.find(path) {
            throw CommandFailure(
                "\(path) is open in \(holder)", nextStep: "Stop that first: two programs in one file can break it")
        }
        do throws(LocalTableError) {
            let applied = try Migrator.migrate(path: path, store: store)
            giveToOwner(of: directory(settings), path)
            return applied
        } catch {
            switch error {
            case .migration(.databaseIsNewer), .migration(.databaseIsOlder), .migration(.notCopied), .inUse, .noThread:
                throw CommandFailure(error.description)
            case .migration(.failed), .open:
                throw CommandFailure(
                    "\(path): \(error)", nextStep: "Is the file intact, is it writable, and is there room on the disk?")
            }
        }
    }

    /// A socket that systemd holds for a stopped service counts as running too: a call would start the service at any
    /// moment.
    private func requireStopped(socketPath: String) throws(CommandFailure) {
        let finding = SocketProbe.find(socketPath)
        switch finding {
        case .noFile, .nobodyListens: return
        case .permissionDenied, .failed:
            throw ServiceCaller.failure(
                of: service, path: socketPath, finding, group: FileGroup.name(of: socketPath))
        case .listening:
            throw CommandFailure(
                "\(service.unit) is running (\(socketPath) answers) and does not share \(fileName)",
                nextStep: "It migrates by itself when it starts: systemctl restart \(service.unit); or stop "
                    + "\(service.unit).socket and \(service.unit).service first")
        }
    }

    private func requireDirectory(_ directory: String) throws(CommandFailure) {
        var status = stat()
        guard stat(directory, &status) != 0 else { return }
        throw CommandFailure(
            "\(directory): \(String(cString: strerror(errno)))",
            nextStep: "Is --state-dir or RIVET_STATE_DIR right? If it is, create it: mkdir -m 700 -p \(directory)")
    }

    /// Gives files that root created to the owner of the directory. Otherwise the service could not open them.
    private func giveToOwner(of directory: String, _ path: String) {
        var status = stat()
        guard geteuid() == 0, stat(directory, &status) == 0, status.st_uid != 0 else { return }
        for suffix in ["", "-wal", "-shm", ".lock"] { _ = lchown(path + suffix, status.st_uid, status.st_gid) }
    }
}
