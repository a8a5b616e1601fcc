import Dialogue

extension FeatureRoutes {
    static let addMachine = FeatureRoutes(
        commands: AddMachineCommand.allCases,
        command: { typed in
            switch AddMachineCommand(rawValue: typed.name) {
            case .addmachine: .conversation(.begin(Draft(), nickname: typed.rest.isEmpty ? nil : typed.rest))
            // "/skip." is meant as the command.
            case let command? where typed.rest.contains { $0.isLetter || $0.isNumber }:
                .conversation(.commandWithWords(command, typed.rest))
            case .skip: .conversation(.skip)
            case .back: .conversation(.back)
            case .cancel: .conversation(.cancel)
            case nil: nil
            }
        })
}
