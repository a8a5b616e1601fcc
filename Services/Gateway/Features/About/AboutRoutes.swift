import Dialogue
import ServiceKit

extension FeatureRoutes {
    static let about = FeatureRoutes(
        commands: AboutCommand.allCases,
        command: { typed in
            switch AboutCommand(rawValue: typed.name) {
            case .help, .start: .conversation(.help)
            case .version: .say(.about(.version(rivetVersion)))
            case nil: nil
            }
        })
}
