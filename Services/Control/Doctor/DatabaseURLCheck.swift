import Contracts
import Persistence
import ServiceKit

/// Whether a database URL has options that only other clients know, which the services leave out.
struct DatabaseURLCheck {
    var settings: Settings

    /// None for a URL that is refused: the check of the settings says so.
    func findings() -> [Finding] {
        guard let databases = try? TierDatabase.configured(settings) else { return [] }
        return databases.flatMap { database in
            database.target.warnings.map { warning in
                .warning(
                    database.name.rawValue, warning,
                    nextStep: "Take it out of \(TierDatabase.setting(of: database.name)); \(TierDatabase.applying)")
            }
        }
    }
}
