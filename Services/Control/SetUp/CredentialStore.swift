import FoundationEssentials
import ServiceKit

/// The credentials of the services that systemd runs: those of the running service, else those that its next start
/// loads.
struct CredentialStore: Sendable {
    enum Finding: Equatable {
        /// Not empty, without surrounding white space.
        case secret(String)
        case none
        /// This user may not look into the directory, so the credential may be there.
        case hidden(directory: String)
    }

    /// Contains a directory for each running unit with credentials.
    var running = "/run/credentials"
    /// The directories in which systemd looks for an encrypted credential that a unit names without a path, in this
    /// order (systemd.exec(5)).
    var encryptedStores = [
        "/etc/credstore.encrypted", "/run/credstore.encrypted", "/usr/local/lib/credstore.encrypted",
        "/usr/lib/credstore.encrypted",
    ]
    /// The directories in which systemd looks next, and for a credential that is not encrypted.
    var stores = [
        "/run/credentials/@system", "/etc/credstore", "/run/credstore", "/usr/local/lib/credstore",
        "/usr/lib/credstore",
    ]
    /// A TPM may be slow.
    private static let decryptionMax = Duration.seconds(20)

    /// The value of `credential` for `service`.
    /// - Throws: when its file cannot be read for a reason other than this user's rights, is not text, or cannot be
    ///   decrypted.
    func find(_ credential: Credential, of service: RivetService) async throws(CommandFailure) -> Finding {
        var hidden: String?
        for place in places(of: credential, service) {
            switch try read(place.path) {
            case .missing: continue
            case .forbidden: hidden = hidden ?? place.directory
            case .bytes(let bytes):
                // A hidden directory that comes first may hold another value.
                if let hidden { return .hidden(directory: hidden) }
                let text = place.isEncrypted ? try await decrypt(place.path, credential) : try text(bytes, place.path)
                let secret = text.trimmed
                return secret.isEmpty ? .none : .secret(secret)
            }
        }
        return hidden.map { .hidden(directory: $0) } ?? .none
    }

    private struct Place {
        var directory: String
        var file: String
        var isEncrypted = false
        var path: String { "\(directory)/\(file)" }
    }

    private func places(of credential: Credential, _ service: RivetService) -> [Place] {
        [Place(directory: "\(running)/\(service.unit).service", file: credential.name)]
            + encryptedStores.map { Place(directory: $0, file: credential.storeName, isEncrypted: true) }
            + stores.map { Place(directory: $0, file: credential.storeName) }
    }

    private enum Reading {
        case missing
        case forbidden
        case bytes(Data)
    }

    private func read(_ path: String) throws(CommandFailure) -> Reading {
        do { return .bytes(try Data(contentsOf: URL(filePath: path))) } catch let error as CocoaError {
            switch error.code {
            case .fileReadNoSuchFile: return .missing
            case .fileReadNoPermission: return .forbidden
            default: throw Self.unreadable(path)
            }
        } catch { throw Self.unreadable(path) }
    }

    private static func unreadable(_ path: String) -> CommandFailure {
        CommandFailure("\(path) cannot be read", nextStep: "Is it a file?", exitCode: ExitCodes.configuration)
    }

    private func text(_ bytes: Data, _ path: String) throws(CommandFailure) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(
                "\(path) is not text", nextStep: "Write the secret into it again, as one line of UTF-8",
                exitCode: ExitCodes.configuration)
        }
        return text
    }

    private func decrypt(_ path: String, _ credential: Credential) async throws(CommandFailure) -> String {
        let arguments = ["decrypt", "--name=\(credential.name)", path, "-"]
        guard let text = await ProgramOutput.of("systemd-creds", arguments, patience: Self.decryptionMax) else {
            throw CommandFailure(
                "\(path) cannot be decrypted",
                nextStep: "systemd-creds decrypt --name=\(credential.name) \(path) says why",
                exitCode: ExitCodes.configuration)
        }
        return text
    }
}
