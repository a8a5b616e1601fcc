import FoundationEssentials
import Glibc
import ServiceKit

/// The installation that a command works on, and its settings as its services read them.
///
/// It is a local set-up if the directory of the sockets is not the installed one, if the environment names a directory
/// of databases, or if the working directory has a `.rivet`. Its settings are the environment and the file that the
/// command line or `RIVET_ENV_FILE` names. Otherwise the command works on the services that systemd runs. Their
/// settings are in `/etc/rivet/rivet.env`, which wins over the environment, and in their credentials, which win over
/// both.
struct SetUp: Sendable {
    enum Kind: Equatable, Sendable {
        case installed
        /// - Parameter reason: why the command does not work on the installed services: "RIVET_STATE_DIR is set".
        case local(reason: String)
    }

    /// The result of reading the settings file.
    enum File: Equatable, Sendable {
        case none
        case read(String)
        /// This user may not read it.
        case hidden(String)
        case wrong(String, ConfigurationError)
    }

    /// The directories and the file that a command line names.
    struct Choices: Sendable {
        var environmentFile: String?
        var runtimeDirectory: String?
        /// The directory of the databases. It does not make a set-up local: it may be a copy of an installed one.
        var stateDirectory: String?
    }

    let kind: Kind
    let file: File
    /// The environment, the file, and the command line; each wins over the one before. Without the credentials of the
    /// store, and without a file that this user may not read.
    let settings: Settings
    /// Whether the file was given by name.
    private let isFileNamed: Bool
    private let store: CredentialStore?

    /// Finds and reads the settings. Never fails: see ``requireFile()``.
    init(
        _ choices: Choices = Choices(), environment: [String: String] = ProcessInfo.processInfo.environment,
        installedFile: String = InstalledPlaces.environmentFile, store: CredentialStore = CredentialStore(),
        hasLocalDirectory: Bool = FileManager.default.fileExists(atPath: ".rivet")
    ) {
        let own = Settings(variables: environment)
        let kind = Self.kind(choices, own, hasLocalDirectory: hasLocalDirectory)
        var base = own
        if kind == .installed {
            base = Settings(
                variables: environment.merging(["RIVET_RUNTIME_DIR": InstalledPlaces.runtimeDirectory]) { $1 })
        }
        let named = choices.environmentFile ?? own.string(Settings.fileVariable)
        let path = named ?? (kind == .installed && access(installedFile, F_OK) == 0 ? installedFile : nil)
        var file = File.none
        if let path {
            do throws(ConfigurationError) {
                base = try base.reading(path)
                file = .read(path)
            } catch { file = access(path, R_OK) != 0 && errno == EACCES ? .hidden(path) : .wrong(path, error) }
        }
        var said: [String: String] = [:]
        said["RIVET_RUNTIME_DIR"] = choices.runtimeDirectory
        said["RIVET_STATE_DIR"] = choices.stateDirectory
        settings = said.isEmpty ? base : base.with(said)
        // A program that systemd started with credentials has its own, as a service has.
        self.store = kind == .installed && own.string("CREDENTIALS_DIRECTORY") == nil ? store : nil
        self.kind = kind
        self.file = file
        isFileNamed = named != nil
    }

    private static func kind(_ choices: Choices, _ environment: Settings, hasLocalDirectory: Bool) -> Kind {
        let runtimeDirectories =
            [("--runtime-dir", choices.runtimeDirectory)]
            + ["RIVET_RUNTIME_DIR", "RUNTIME_DIRECTORY"].map { ($0, environment.string($0)) }
        if let (name, directory) = runtimeDirectories.first(where: { $0.1 != nil }) {
            return directory == InstalledPlaces.runtimeDirectory ? .installed : .local(reason: "\(name) is set")
        }
        for name in ["RIVET_STATE_DIR", "STATE_DIRECTORY"] where environment.string(name) != nil {
            return .local(reason: "\(name) is set")
        }
        return hasLocalDirectory ? .local(reason: "there is a .rivet here") : .installed
    }
}

// MARK: Complete settings

extension SetUp {
    /// The credentials of a service that this user can see.
    struct Secrets {
        /// By variable.
        var found: [String: String] = [:]
        /// By variable: the directory that this user may not look into.
        var hidden: [String: String] = [:]
        var failures: [CommandFailure] = []
    }

    /// The credentials that `service` has from the store, or would have if it started now. None for a local set-up.
    func secrets(of service: RivetService) async -> Secrets {
        var secrets = Secrets()
        guard let store else { return secrets }
        for credential in service.credentials {
            do throws(CommandFailure) {
                switch try await store.find(credential, of: service) {
                case .secret(let secret): secrets.found[credential.variable] = secret
                case .none: break
                case .hidden(let directory): secrets.hidden[credential.variable] = directory
                }
            } catch { secrets.failures.append(error) }
        }
        return secrets
    }

    /// All settings of `service`, with its credentials.
    /// - Throws: when this user may not read all of them, or one cannot be read.
    func settings(of service: RivetService) async throws(CommandFailure) -> Settings {
        try requireFile()
        let secrets = await secrets(of: service)
        if let failure = secrets.failures.first { throw failure }
        if let (variable, directory) = secrets.hidden.min(by: { $0.key < $1.key }) {
            throw CommandFailure(
                "\(directory): permission denied, and \(variable) may be there as a credential", nextStep: "Use sudo",
                takesRoot: true)
        }
        return secrets.found.isEmpty ? settings : settings.with(secrets.found)
    }

    /// Checks the settings that a call needs: only the directory of the sockets.
    /// - Throws: when a file that was given by name cannot be read.
    func requireNamedFile() throws(CommandFailure) {
        if isFileNamed { try requireFile() }
        try requirePaths()
    }

    private func requirePaths() throws(CommandFailure) {
        do throws(ConfigurationError) { try settings.checkPaths() } catch { throw CommandFailure(error) }
    }

    /// - Throws: when there is a settings file that cannot be read, or when a directory in it is not a valid path.
    func requireFile() throws(CommandFailure) {
        switch file {
        case .none, .read: try requirePaths()
        case .hidden(let path):
            throw CommandFailure(
                "\(path): permission denied", nextStep: "Use sudo: it may contain secrets", takesRoot: true)
        case .wrong(_, let error):
            throw CommandFailure(
                "\(error)", nextStep: "Correct it, and run this again", exitCode: ExitCodes.configuration)
        }
    }

    /// The places that were searched for settings other than credentials.
    var source: String { source(withCredentialsOf: nil) }

    /// The places that were searched for the settings of `service`.
    func source(of service: RivetService) -> String { source(withCredentialsOf: service) }

    private func source(withCredentialsOf service: RivetService?) -> String {
        var places: [String] = []
        switch file {
        case .none: break
        case .read(let path), .hidden(let path), .wrong(let path, _): places.append(path)
        }
        if let service, store != nil { places.append("the credentials of \(service.unit)") }
        let list = (places.isEmpty ? "" : places.joined(separator: ", ") + " and ") + "the environment"
        guard case .local(let reason) = kind, file == .none else { return list }
        return "\(list) (\(reason), so \(InstalledPlaces.environmentFile) was not read)"
    }
}
