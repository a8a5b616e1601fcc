import Dialogue
import Testing

@testable import Gateway

@Suite struct FeatureRoutesTests {
    @Test func `Each command of the list: handled by exactly one feature, the one that names it`() throws {
        let named = FeatureRoutes.all.flatMap { $0.commands.map { "\($0.rawValue)" } }
        #expect(named.sorted() == Commands.all.map { "\($0.rawValue)" }.sorted())
        for routes in FeatureRoutes.all {
            for command in routes.commands {
                let typed = try #require(TypedCommand("/\(command.rawValue)"))
                #expect(routes.command(typed) != nil)
                #expect(FeatureRoutes.all.filter { $0.command(typed) != nil }.count == 1)
            }
        }
        #expect(FeatureRoutes.request(try #require(TypedCommand("/nonsense"))) == nil)
    }

    @Test(arguments: ["lib:1", "lib:2:pump", PhotoMessage.saveToLibraryData])
    func `A button of a feature: handled by exactly one feature`(_ data: String) {
        #expect(FeatureRoutes.all.filter { $0.tap(data, nil) != nil }.count == 1)
    }

    @Test(arguments: ["skip:model:abc", "junk", ""])
    func `Any other button: goes to the add-machine flow`(_ data: String) {
        #expect(FeatureRoutes.request(tap: data, nil) == .conversation(Input(tapped: data)))
    }
}
