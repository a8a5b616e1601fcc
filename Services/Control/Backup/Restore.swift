import Contracts
import Glibc
import KillPoints
import Persistence
import ServiceKit

/// Replaces the databases of stopped services with a backup.
struct Restore {
    /// What was done.
    struct Outcome {
        var path: String
        var manifest: BackupManifest
        /// Of each database, in order: its path, and the path at which the previous file is kept.
        var databases: [(name: String, path: String, replaced: String?)]
        /// The path of the restored allow-list, and the path at which the previous one is kept; nil when none was
        /// restored.
        var allowList: (path: String, replaced: String?)?
        /// The PostgreSQL tiers that are configured.
        var tiers: [TierName]
        /// Whether systemd runs these services.
        var isInstalled: Bool
        /// What an operator should do before the services start.
        var warnings: [String]
    }

    /// After this time a tier forgets that a record was deleted.
    static let ageMax = ConversationStore.tombstonesKeptFor

    var setUp: SetUp
    var isForced = false
    private var settings: Settings { setUp.settings }

    /// Checks the whole backup before it changes anything. Replaces the state first, as ``Backup`` copies it first: a
    /// conversation may then be open although its machine is in the library, and the library adds a machine only once.
    func run(_ directory: String) async throws(CommandFailure) -> Outcome {
        for database in LocalDatabase.all {
            let directory = database.directory(settings)
            if FilePath.status(directory) != nil { _ = try DirectoryOwner(of: directory) }
        }
        try await StoppedServices.require(settings)
        let manifest = try BackupManifest.read(in: directory)
        let tiers = try await TierDatabase.configured(setUp).map(\.name)
        try requireNotTooOld(manifest, directory, tiers)
        for database in LocalDatabase.all { try check(database, manifest, in: directory) }
        let list = try RememberedAllowList.read(in: directory, manifest)
        umask(0o077)
        let places = try LocalDatabase.all.map { database throws(CommandFailure) in
            try RestorePlace(database, settings)
        }
        if list != nil, settings.isOfInstalledServices { try RestorePlace.makeStateDirectory(of: .gateway) }
        // From here on, a service that is started waits for these locks, and ends if it waits too long.
        for place in places { try place.lock() }
        try await StoppedServices.require(settings)
        for place in places {
            try place.stage(from: directory, try described(place.database, manifest, directory))
        }
        killPoint("restore.staged")
        // Without this note the gateway asks people their questions again. With it, the gateway would assume that it
        // has just asked the questions of the restored steps.
        unlink("\(RememberedAllowList.directory(settings))/gateway.heard")
        let stamp = Timestamp.now().databaseText.filter(\.isNumber)
        // Before the databases, so that at no moment more people are allowed than in the backup.
        let allowList = try list.flatMap { list throws(CommandFailure) in
            try RememberedAllowList.restore(list, settings, stamp: stamp)
        }
        var databases: [(name: String, path: String, replaced: String?)] = []
        for place in places {
            databases.append((place.database.fileName, place.path, try place.replace(stamp: stamp)))
            killPoint("restore.replaced")
        }
        return Outcome(
            path: directory, manifest: manifest, databases: databases, allowList: allowList, tiers: tiers,
            isInstalled: settings.isOfInstalledServices,
            warnings: [try RememberedAllowList.warning(settings, manifest)].compactMap { $0 }
                + LocalDatabase.all.compactMap(spillFileWarning))
    }

    private func requireNotTooOld(
        _ manifest: BackupManifest, _ directory: String, _ tiers: [TierName]
    ) throws(CommandFailure) {
        guard !tiers.isEmpty, !isForced, manifest.madeAt.advanced(by: Self.ageMax) < .now() else { return }
        let names = tiers.map(\.rawValue).joined(separator: ", ")
        throw CommandFailure(
            "\(directory) was made more than 30 days ago, and \(names) no longer know what was deleted before that: "
                + "deleted records would come back",
            nextStep: "To use the data in \(names) instead, move state.db* and library.db* away and start the "
                + "services; to restore this backup anyway, use --force")
    }

    private func described(
        _ database: LocalDatabase, _ manifest: BackupManifest, _ directory: String
    ) throws(CommandFailure) -> BackupManifest.Database {
        guard let described = manifest.databases[database.fileName] else {
            throw CommandFailure(
                "\(directory)/\(BackupManifest.fileName) does not list \(database.fileName)",
                nextStep: "Use another backup")
        }
        return described
    }

    /// Checks one file of the backup: its size, its checksum and its pages.
    private func check(
        _ database: LocalDatabase, _ manifest: BackupManifest, in directory: String
    ) throws(CommandFailure) {
        let path = "\(directory)/\(database.fileName)"
        let described = try described(database, manifest, directory)
        let file = try OpenFile(path, O_RDONLY)
        guard FilePath.status(path)?.st_size == Int(described.bytes),
            try FileDigest.sha256(of: file.descriptor, path) == described.sha256
        else { throw Self.changed(path) }
        do throws(DatabaseInspection.Fault) { _ = try DatabaseInspection(of: path, store: database.store) } catch {
            throw CommandFailure(error, path, brokenNextStep: "Use another backup")
        }
    }

    /// Changes in the spill file were acknowledged, so a restore does not discard them.
    private func spillFileWarning(_ database: LocalDatabase) -> String? {
        let path = database.journalPath(settings)
        guard let status = FilePath.status(path), status.st_size > 0 else { return nil }
        return "\(path) has changes that the disk of \(database.service.unit) had not taken: it merges them when it "
            + "starts, and the newer revision wins. To use the backup alone, move that file away first"
    }

    static func changed(_ path: String) -> CommandFailure {
        CommandFailure(
            "\(path) is not what was backed up: its size or checksum differs",
            nextStep: "Copy it from its source again, or use another backup")
    }
}
