import Contracts
import Glibc
import Persistence
import ServiceKit

/// The description of a backup, in its file `manifest.json`.
struct BackupManifest: Equatable {
    /// The format of the manifest and of the files beside it. A later Rivet may write a higher one.
    static let currentFormat: Int64 = 1
    static let fileName = "manifest.json"
    /// Larger than any manifest.
    private static let bytesMax = 1 << 20

    struct Database: Equatable {
        /// Every change that was acknowledged before this moment is in the copy.
        var takenAt: Timestamp
        var bytes: Int64
        /// In hexadecimal.
        var sha256: String
        /// The applied migrations.
        var migrations: [Int64]
        var rows: [String: Int64]
    }

    /// A file beside the databases.
    struct File: Equatable {
        var bytes: Int64
        /// In hexadecimal.
        var sha256: String
    }

    var format = currentFormat
    /// When the backup began.
    var madeAt: Timestamp
    /// The version of the rivetctl that made it.
    var rivet: String
    /// By file name.
    var databases: [String: Database]
    /// The allow-list that the gateway remembers; nil when there was none.
    var allowList: File?
    /// The services' settings, for the operator who sets up another host. They contain no secret.
    var settings: [String: String]
    /// The names of the PostgreSQL tiers that were configured.
    var tiers: [String]
}

extension BackupManifest {
    var json: JSONValue {
        [
            "format": .integer(format), "made_at": .string(madeAt.description), "rivet": .string(rivet),
            "databases": .object(databases.mapValues(\.json)), "allow_list": allowList?.json ?? .null,
            "settings": .object(settings.mapValues(JSONValue.string)),
            "tiers": .array(tiers.map(JSONValue.string)),
        ]
    }

    /// Parses what `json` returns. Ignores members of a later version.
    private init?(_ json: JSONValue) {
        guard let format = json["format"]?.integerValue,
            let madeAt = json["made_at"]?.stringValue.flatMap({ Timestamp(parsing: $0) }),
            let rivet = json["rivet"]?.stringValue, let databases = json["databases"]?.objectValue
        else { return nil }
        self.init(
            format: format, madeAt: madeAt, rivet: rivet, databases: databases.compactMapValues(Database.init),
            allowList: json["allow_list"].flatMap(File.init),
            settings: json["settings"]?.objectValue?.compactMapValues(\.stringValue) ?? [:],
            tiers: json["tiers"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        guard self.databases.count == databases.count else { return nil }
        // Backups of earlier versions lack this member.
        if let list = json["allow_list"], list != .null, allowList == nil { return nil }
    }

    /// The manifest of the backup in `directory`.
    /// - Throws: when there is none, when Rivet did not write it, or when a later version of Rivet did.
    static func read(in directory: String) throws(CommandFailure) -> BackupManifest {
        let path = "\(directory)/\(fileName)"
        guard FilePath.status(path) != nil else {
            let code = errno
            throw code == ENOENT || code == ENOTDIR
                ? CommandFailure("\(directory) is not a Rivet backup: it has no \(fileName)")
                : FileFailure.of(path, code)
        }
        let file = try OpenFile(path, O_RDONLY)
        var bytes: [UInt8] = []
        _ = try FileDigest.sha256(of: file.descriptor, path) { piece throws(CommandFailure) in
            bytes += piece
            guard bytes.count <= bytesMax else { throw notOurs(path) }
        }
        guard let json = try? JSONValue(parsing: bytes) else { throw notOurs(path) }
        // Checked first, since a later format may differ in everything else.
        if let format = json["format"]?.integerValue, format > currentFormat {
            let version = json["rivet"]?.stringValue ?? "a later version"
            throw CommandFailure(
                "\(directory) has format \(format), and this program knows formats up to \(currentFormat)",
                nextStep: "Install the Rivet that made it (\(version)), or a later one")
        }
        guard let manifest = BackupManifest(json) else { throw notOurs(path) }
        return manifest
    }

    private static func notOurs(_ path: String) -> CommandFailure {
        CommandFailure("\(path) was not written by rivetctl backup, or was changed", nextStep: "Use another backup")
    }

    /// Writes the manifest into `directory` and syncs it.
    func write(in directory: String) throws(CommandFailure) {
        try OpenFile.make("\(directory)/\(Self.fileName)", json.serialized() + [UInt8(ascii: "\n")])
    }
}

extension BackupManifest.File {
    fileprivate var json: JSONValue { ["bytes": .integer(bytes), "sha256": .string(sha256)] }

    fileprivate init?(_ json: JSONValue) {
        guard let bytes = json["bytes"]?.integerValue, let sha256 = json["sha256"]?.stringValue else { return nil }
        self.init(bytes: bytes, sha256: sha256)
    }
}

extension BackupManifest.Database {
    fileprivate var json: JSONValue {
        [
            "taken_at": .string(takenAt.description), "bytes": .integer(bytes), "sha256": .string(sha256),
            "migrations": .array(migrations.map(JSONValue.integer)), "rows": .object(rows.mapValues(JSONValue.integer)),
        ]
    }

    fileprivate init?(_ json: JSONValue) {
        guard let takenAt = json["taken_at"]?.stringValue.flatMap({ Timestamp(parsing: $0) }),
            let bytes = json["bytes"]?.integerValue, let sha256 = json["sha256"]?.stringValue,
            let migrations = json["migrations"]?.arrayValue?.compactMap(\.integerValue)
        else { return nil }
        self.init(
            takenAt: takenAt, bytes: bytes, sha256: sha256, migrations: migrations,
            rows: json["rows"]?.objectValue?.compactMapValues(\.integerValue) ?? [:])
    }
}
