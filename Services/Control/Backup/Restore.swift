import Contracts
import Glibc
import KillPoints
import Persistence
import ServiceKit

/// Puts a backup in the place of the databases of services that do not run.
struct Restore {
    /// What was done.
    struct Outcome {
        var path: String
        var manifest: BackupManifest
        /// Of each database, in order: where it is, and where what was there is now.
        var databases: [(name: String, path: String, replaced: String?)]
        /// Where the list of who may use the bot was put, and where what was there is now; nil when none was.
        var allowList: (path: String, replaced: String?)?
        /// The PostgreSQL tiers that are configured.
        var tiers: [TierName]
        /// Whether the services are those that systemd runs.
        var isInstalled: Bool
        /// What an operator should do before the services start.
        var warnings: [String]
    }

    /// A tier forgets after this time that something was deleted.
    static let ageMax = ConversationStore.tombstonesKeptFor

    var setUp: SetUp
    var isForced = false
    private var settings: Settings { setUp.settings }

    /// Nothing is changed before the backup was looked through. The state comes first, as in ``Backup``: between the two, a
    /// conversation may be open whose machine is in the library, which adds it once.
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
        // A service that is started from here on waits for this, and ends if it takes too long.
        for place in places { try place.lock() }
        try await StoppedServices.require(settings)
        for place in places {
            try place.stage(from: directory, try described(place.database, manifest, directory))
        }
        killPoint("restore.staged")
        // So that a step is not taken for one that was just asked for: people are asked their questions again.
        unlink("\(RememberedAllowList.directory(settings))/gateway.heard")
        let stamp = Timestamp.now().databaseText.filter(\.isNumber)
        // First: the door is never open to more people than in the backup.
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
                + LocalDatabase.all.compactMap(journalWarning))
    }

    private func requireNotTooOld(
        _ manifest: BackupManifest, _ directory: String, _ tiers: [TierName]
    ) throws(CommandFailure) {
        guard !tiers.isEmpty, !isForced, manifest.madeAt.advanced(by: Self.ageMax) < .now() else { return }
        let names = tiers.map(\.rawValue).joined(separator: ", ")
        throw CommandFailure(
            "\(directory) was made more than 30 days ago, and \(names) no longer know what was deleted before 30 days: "
                + "that would come back",
            nextStep: "To have what \(names) hold, move state.db* and library.db* away and start the services; to "
                + "restore this all the same, say --force")
    }

    private func described(
        _ database: LocalDatabase, _ manifest: BackupManifest, _ directory: String
    ) throws(CommandFailure) -> BackupManifest.Database {
        guard let described = manifest.databases[database.fileName] else {
            throw CommandFailure(
                "\(directory)/\(BackupManifest.fileName) has nothing of \(database.fileName)",
                nextStep: "Use another backup")
        }
        return described
    }

    /// Looks through one file of the backup.
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

    /// What only memory held was acknowledged, so it is not thrown away.
    private func journalWarning(_ database: LocalDatabase) -> String? {
        let path = database.journalPath(settings)
        guard let status = FilePath.status(path), status.st_size > 0 else { return nil }
        return "\(path) has changes that the disk of \(database.service.unit) had not taken: it merges them when it "
            + "starts, and what is newer wins. If the backup alone is to count, move that file away first"
    }

    static func changed(_ path: String) -> CommandFailure {
        CommandFailure(
            "\(path) is not what was backed up: its checksum is another one",
            nextStep: "Copy it from its source again, or use another backup")
    }
}
