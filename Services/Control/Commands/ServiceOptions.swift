import ArgumentParser
import Contracts
import Foundation
import ServiceKit

/// Where the sockets are.
struct RuntimeDirectoryOption: ParsableArguments {
    @Option(
        name: .customLong("runtime-dir"),
        help: ArgumentHelp("The directory of the sockets, instead of RIVET_RUNTIME_DIR.", valueName: "path"),
        completion: .directory)
    var path: String?

    func validate() throws {
        if path == "" { throw ValidationError("--runtime-dir must not be empty") }
    }
}

/// A tier that is a database elsewhere.
enum RemoteTierName: String, CaseIterable, ExpressibleByArgument {
    case neon, supabase, railway

    var tier: TierName {
        switch self {
        case .neon: .neon
        case .supabase: .supabase
        case .railway: .railway
        }
    }
}

/// How long to wait for a service.
struct TimeLimit: Equatable {
    var duration: Duration

    /// - Throws: a usage error for what is no duration.
    static func parse(_ argument: String) throws -> TimeLimit {
        // An empty variable would count as not set.
        guard !argument.isEmpty else { throw ValidationError("it must not be empty") }
        do throws(ConfigurationError) {
            let settings = Settings(variables: ["--timeout": argument])
            return TimeLimit(duration: try settings.duration("--timeout", default: .zero))
        } catch { throw ValidationError(error.description) }
    }
}

extension Settings {
    /// The environment, with what the command line says put over it; and, where neither says anything and the working
    /// directory has no `.rivet`, the places of the services that systemd runs.
    static func forCommand(runtimeDirectory: String? = nil, stateDirectory: String? = nil) -> Settings {
        var variables = ProcessInfo.processInfo.environment
        let names = ["RIVET_RUNTIME_DIR", "RUNTIME_DIRECTORY"]
        if !FileManager.default.fileExists(atPath: ".rivet"), names.allSatisfy({ (variables[$0] ?? "").isEmpty }) {
            variables["RIVET_RUNTIME_DIR"] = InstalledPlaces.runtimeDirectory
        }
        if let runtimeDirectory { variables["RIVET_RUNTIME_DIR"] = runtimeDirectory }
        if let stateDirectory { variables["RIVET_STATE_DIR"] = stateDirectory }
        return Settings(variables: variables)
    }
}

/// Where the services are that systemd runs, as their units say.
enum InstalledPlaces {
    static let runtimeDirectory = "/run/rivet"

    /// Each service's databases are its own.
    static func stateDirectory(of service: RivetService) -> String { "/var/lib/\(service.unit)" }
}
