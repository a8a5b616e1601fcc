import Contracts
import Glibc
import ServiceKit

/// The gateway's file of who may use the bot, which is in force where the settings have no list.
enum RememberedAllowList {
    static let fileName = "gateway.allowed"
    /// More than the gateway reads.
    private static let bytesMax = 1 << 20

    static func directory(_ settings: Settings) -> String {
        settings.isOfInstalledServices ? InstalledPlaces.stateDirectory(of: .gateway) : settings.stateDirectory
    }

    /// Nil when there is none.
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

    /// The one in the backup in `directory`; nil when none was backed up.
    /// - Throws: when it is not what was backed up.
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

    /// Puts `bytes` in the place of the list that is there, unless everyone is on it: a backup opens no door.
    ///
    /// - Parameter stamp: for the name of the one that was there.
    /// - Returns: where the list is, and where what was there is now, if anything was; nil when nothing was changed.
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

    /// What an operator must know when no list is in force; nil when one is.
    static func warning(_ settings: Settings, _ manifest: BackupManifest) throws(CommandFailure) -> String? {
        guard (try? AllowedUsersSetting(settings)) == .missing else { return nil }
        if let bytes = try read(settings), !isOfEveryone(bytes) { return nil }
        let name = AllowedUsersSetting.variable
        let list = manifest.settings[name].map { "\(name)=\($0), as when this backup was made" }
        return "\(name) is not set, and no list is remembered: everyone will be let in. If that is not wanted, set "
            + "\(list ?? name) before the services start"
    }

    private static func read(_ path: String) throws(CommandFailure) -> [UInt8]? {
        do throws(DurableFile.Failure) { return try DurableFile.read(path, bytesMax: bytesMax) } catch {
            throw FileFailure.of(error.path, error.code)
        }
    }

    /// Behind a checksum and a space is JSON: `{"allowed": "*", …}`.
    private static func isOfEveryone(_ bytes: [UInt8]) -> Bool {
        guard let space = bytes.firstIndex(of: UInt8(ascii: " ")) else { return false }
        return (try? JSONValue(parsing: Array(bytes[space...])))?["allowed"] == "*"
    }
}
