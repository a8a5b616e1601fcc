import Contracts
import Persistence
import ServiceKit

/// Checks whether a database URL has options that only other clients know. The services ignore them.
struct DatabaseURLCheck {
    var settings: Settings

    /// No finding for a URL that is not accepted: the settings check reports it.
    func findings() -> [Finding] {
        guard let databases = try? TierDatabase.configured(settings) else { return [] }
        return databases.flatMap { database in
            database.target.warnings.map { warning in
                .warning(
                    database.name.rawValue, warning,
                    nextStep: "Remove it from \(TierDatabase.setting(of: database.name)); \(TierDatabase.applying)")
            }
        }
    }
}
