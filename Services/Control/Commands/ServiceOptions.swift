import ArgumentParser
import Contracts
import ServiceKit

/// The name of a PostgreSQL tier on the command line.
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

    /// - Throws: a usage error if `argument` is not a duration.
    static func parse(_ argument: String) throws -> TimeLimit {
        // `Settings` treats an empty variable as not set.
        guard !argument.isEmpty else { throw ValidationError("it must not be empty") }
        do throws(ConfigurationError) {
            let settings = Settings(variables: ["--timeout": argument])
            return TimeLimit(duration: try settings.duration("--timeout", default: .zero))
        } catch { throw ValidationError(error.description) }
    }
}
