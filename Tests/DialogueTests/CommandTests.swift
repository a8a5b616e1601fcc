import Testing

@testable import Dialogue

@Suite struct CommandTests {
    @Test func `The menu: in a form that Telegram accepts, in the order of the help`() {
        let menu = Commands.menu(in: English())
        #expect(menu.map(\.name) == ["addmachine", "library", "skip", "cancel", "help"])
        for (name, description) in menu {
            #expect((1...32).contains(name.count) && name.allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "_") })
            #expect((1...256).contains(description.count))
        }
        let help = AnyMessage.about(.help(nil)).reply.plainText
        let places = menu.map { help.firstRange(of: "/\($0.name)")?.lowerBound }
        #expect(places.allSatisfy { $0 != nil } && places.compactMap { $0 } == places.compactMap { $0 }.sorted())
    }

    @Test func `The commands: each name and place once`() {
        let commands = Commands.all
        #expect(Set(commands.map { "\($0.rawValue)" }).count == commands.count)
        #expect(Set(commands.map(\.place)).count == commands.count)
    }
}
