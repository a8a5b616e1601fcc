import Dialogue

extension FeatureRoutes {
    static let library = FeatureRoutes(
        commands: LibraryCommand.allCases,
        command: { typed in
            LibraryCommand(rawValue: typed.name).map { _ in .library(LibraryQuery(words: typed.rest)) }
        },
        tap: { data, _ in LibraryQuery(callbackData: data).map { .library($0) } })
}
