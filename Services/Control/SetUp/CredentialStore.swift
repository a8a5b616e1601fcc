import FoundationEssentials

/// The credentials of the services that systemd runs: what a running service was given, else what its next start loads.
struct CredentialStore: Sendable {
    enum Finding: Equatable {
        /// Without the white space around it, and not empty.
        case secret(String)
        case none
        /// This user may not look into the directory, so the credential may be there.
        case hidden(directory: String)
    }

    /// Has a directory for each unit that runs and has credentials.
    var running = "/run/credentials"
    /// Where systemd looks for a credential that a unit names without a path, in this order (systemd.exec(5)).
    var stores = [
        "/run/credentials/@system", "/etc/credstore", "/run/credstore", "/usr/local/lib/credstore",
        "/usr/lib/credstore",
    ]

    /// The credential `credential` of `service`.
    /// - Throws: when its file cannot be read for another reason than this user's rights, or is no text.
    func find(_ credential: Credential, of service: RivetService) throws(CommandFailure) -> Finding {
        let places =
            [("\(running)/\(service.unit).service", credential.name)] + stores.map { ($0, credential.storeName) }
        var hidden: String?
        for (directory, file) in places {
            let path = "\(directory)/\(file)"
            let data: Data
            do { data = try Data(contentsOf: URL(filePath: path)) } catch {
                let code = (error as? CocoaError)?.code
                if code == .fileReadNoSuchFile { continue }
                guard code == .fileReadNoPermission else {
                    throw CommandFailure(
                        "\(path) cannot be read", nextStep: "Is it a file?", exitCode: ExitCodes.configuration)
                }
                hidden = hidden ?? directory
                continue
            }
            // A credential that is found earlier wins, and this one may not be it.
            if let hidden { return .hidden(directory: hidden) }
            guard let text = String(validating: data, as: UTF8.self) else {
                throw CommandFailure(
                    "\(path) is no text", nextStep: "Write the secret into it again, as one line of UTF-8",
                    exitCode: ExitCodes.configuration)
            }
            let secret = Self.trimmed(text)
            return secret.isEmpty ? .none : .secret(secret)
        }
        return hidden.map { .hidden(directory: $0) } ?? .none
    }

    private static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }
}
