import ArgumentParser
import Contracts
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
    /// What a call of a service needs: see ``SetUp``.
    static func forCommand(runtimeDirectory: String? = nil, stateDirectory: String? = nil) -> Settings {
        SetUp(SetUp.Choices(runtimeDirectory: runtimeDirectory, stateDirectory: stateDirectory)).settings
    }
}
