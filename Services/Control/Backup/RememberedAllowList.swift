import Contracts
import Glibc
import ServiceKit

/// The gateway's file with the allow-list, which applies when the settings have no list.
enum RememberedAllowList {
    static let fileName = "gateway.allowed"
    /// The gateway reads less.
    private static let bytesMax = 1 << 20

    static func directory(_ settings: Settings) -> String {
        settings.isOfInstalledServices ? InstalledPlaces.stateDirectory(of: .gateway) : settings.stateDirectory
    }

    /// The file's bytes; nil when there is no file.
    static func read(_ settings: Settings) throws(CommandFailure) -> [UInt8]? {
        let directory = directory(settings)
        guard FilePath.status(directory) != nil else {
            let code = errno
            guard code == ENOENT else { throw FileFailure.of(directory, code) }
            return nil
        }
        return try DirectoryOwner(of: directory).act { () throws(CommandFailure) in
            try read("\(directory)/\(fileName)")
        }
    }

    /// The list in the backup in `directory`; nil when none was backed up.
    /// - Throws: when it differs from what the manifest describes.
    static func read(
        in directory: String, _ manifest: BackupManifest
    ) throws(CommandFailure) -> [UInt8]? {
        guard let described = manifest.allowList else { return nil }
        let path = "\(directory)/\(fileName)"
        guard let bytes = try read(path), bytes.count == described.bytes,
            try FileDigest.sha256(of: path) == described.sha256
        else { throw Restore.changed(path) }
        return bytes
    }

    /// Replaces the current list with `bytes`. A current list stays if `bytes` allow everyone: a backup must not admit
    /// more people than the list that applies now.
    ///
    /// - Parameter stamp: a suffix for the name under which the current list is kept.
    /// - Returns: the path of the list, and the path at which the previous list is kept, if there was one; nil when
    ///   nothing was changed.
    static func restore(
        _ bytes: [UInt8], _ settings: Settings, stamp: String
    ) throws(CommandFailure) -> (path: String, replaced: String?)? {
        let directory = directory(settings)
        let path = "\(directory)/\(fileName)"
        return try DirectoryOwner(of: directory).act { () throws(CommandFailure) in
            var aside: String?
            if FilePath.status(path) != nil {
                guard !isOfEveryone(bytes), try read(path) != bytes else { return nil }
                var name = "\(path).replaced-\(stamp)"
                while FilePath.status(name) != nil { name += "+" }
                guard link(path, name) == 0 else { throw FileFailure.of(name, errno) }
                aside = name
            }
            do throws(DurableFile.Failure) { try DurableFile.replace(path, with: bytes) } catch {
                throw FileFailure.of(error.path, error.code)
            }
            return (path, aside)
        }
    }

    /// The warning for the operator when no list applies; nil when one does.
    static func warning(_ settings: Settings, _ manifest: BackupManifest) throws(CommandFailure) -> String? {
        guard (try? AllowedUsersSetting(settings)) == .missing else { return nil }
        if let bytes = try read(settings), !isOfEveryone(bytes) { return nil }
        let name = AllowedUsersSetting.variable
        let list = manifest.settings[name].map { "\(name)=\($0), as when this backup was made" }
        return "\(name) is not set, and no list is remembered: everyone will be let in. If you do not want that, set "
            + "\(list ?? name) before the services start"
    }

    private static func read(_ path: String) throws(CommandFailure) -> [UInt8]? {
        do throws(DurableFile.Failure) { return try DurableFile.read(path, bytesMax: bytesMax) } catch {
            throw FileFailure.of(error.path, error.code)
        }
    }

    /// The file is a checksum, a space, and JSON: `{"allowed": "*", …}`.
    private static func isOfEveryone(_ bytes: [UInt8]) -> Bool {
        guard let space = bytes.firstIndex(of: UInt8(ascii: " ")) else { return false }
        return (try? JSONValue(parsing: Array(bytes[space...])))?["allowed"] == "*"
    }
}
